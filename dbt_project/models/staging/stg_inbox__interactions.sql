{{ config(
    materialized='incremental',
    unique_key='load_id',
    post_hook=["{{ forget_loads(source('inbox', 'interactions')) }}", "{{ keep_definition() }}"]
) }}

with

source as (

    {{ fresh_loads(source('inbox', 'interactions')) }}

),

renamed as (

    select
        record_id as interaction_id,
        source,
        file,
        row_number,
        load_id,
        loaded_at,
        {{ version_columns() }}

        company as company_record_id,

        {{ parse_text('company_name') }} as company_name,
        {{ parse_email('email') }} as email,
        {{ parse_text('website') }} as website,
        {{ parse_text('kind') }} as kind,
        {{ parse_text('detail') }} as detail,
        {{ parse_text('campaign') }} as campaign,
        {{ parse_text('topic') }} as topic,

        {{ parse_timestamp('occurred_at') }} as occurred_at,

        attributes,
        {{ unparsed(timestamps=['occurred_at']) }} as unparsed_columns,
        {{
            placeholders([
                'company_name', 'email', 'website', 'kind', 'occurred_at', 'detail', 'campaign',
                'topic'
            ])
        }} as placeholder_columns
    from source

)

select * from renamed
