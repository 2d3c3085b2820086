with

source as (

    select * from {{ source('inbox', 'consents') }}

),

renamed as (

    select
        record_id as consent_id,
        source,
        file,
        row_number,
        load_id,
        loaded_at,
        {{ version_columns() }}

        company as company_record_id,

        {{ parse_text('company_name') }} as company_name,
        {{ parse_email('email') }} as email,
        {{ parse_text('purpose') }} as purpose,

        {{ parse_date('decided_on') }} as decided_on,

        {{ parse_boolean('is_granted') }} as is_granted,

        attributes,
        {{ unparsed(dates=['decided_on'], booleans=['is_granted']) }} as unparsed_columns,
        {{
            placeholders([
                'company_name', 'email', 'purpose', 'is_granted', 'decided_on'
            ])
        }} as placeholder_columns
    from source

)

select * from renamed
