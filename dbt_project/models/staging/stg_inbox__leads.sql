with

source as (

    select * from {{ source('inbox', 'leads') }}

),

renamed as (

    select
        record_id as lead_id,
        source,
        file,
        row_number,
        load_id,
        loaded_at,
        {{ version_columns() }}

        company as company_record_id,

        {{ parse_text('company_name') }} as company_name,
        {{ parse_email('contact_email') }} as contact_email,
        {{ parse_text('title') }} as title,
        {{ parse_text('stage') }} as stage,
        {{ parse_text('outcome') }} as outcome,
        {{ parse_text('lead_source') }} as lead_source,
        {{ parse_text('owner') }} as owner,

        {{ parse_number('amount') }} as amount,

        {{ parse_date('created_on') }} as created_on,
        {{ parse_date('closed_on') }} as closed_on,

        attributes,
        {{ unparsed(numbers=['amount'], dates=['created_on', 'closed_on']) }} as unparsed_columns,
        {{
            placeholders([
                'company_name', 'contact_email', 'title', 'stage', 'outcome', 'amount',
                'lead_source', 'created_on', 'closed_on', 'owner'
            ])
        }} as placeholder_columns
    from source

)

select * from renamed
