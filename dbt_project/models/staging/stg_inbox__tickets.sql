{{ config(
    materialized='incremental',
    unique_key='load_id',
    post_hook=["{{ forget_loads(source('inbox', 'tickets')) }}", "{{ keep_definition() }}"]
) }}

with

source as (

    {{ fresh_loads(source('inbox', 'tickets')) }}

),

renamed as (

    select
        record_id as ticket_id,
        source,
        file,
        row_number,
        load_id,
        loaded_at,
        {{ version_columns() }}

        company as company_record_id,

        {{ parse_email('email') }} as email,
        {{ parse_text('category') }} as category,
        {{ parse_text('priority') }} as priority,
        {{ parse_text('subject') }} as subject,
        {{ parse_text('body') }} as body,

        {{ parse_timestamp('opened_at') }} as opened_at,
        {{ parse_timestamp('closed_at') }} as closed_at,

        attributes,
        {{ unparsed(timestamps=['opened_at', 'closed_at']) }} as unparsed_columns,
        {{
            placeholders([
                'email', 'opened_at', 'closed_at', 'category', 'priority', 'subject', 'body'
            ])
        }} as placeholder_columns
    from source

)

select * from renamed
