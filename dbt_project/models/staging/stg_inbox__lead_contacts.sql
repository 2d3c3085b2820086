with

source as (

    select * from {{ source('inbox', 'lead_contacts') }}

),

renamed as (

    select
        record_id as lead_contact_id,
        source,
        file,
        row_number,
        load_id,
        loaded_at,
        {{ version_columns() }}

        lead as lead_id,
        contact as contact_record_id,

        {{ parse_email('email') }} as email,
        {{ parse_text('role') }} as role,

        attributes,
        {{ unparsed() }} as unparsed_columns,
        {{ placeholders(['email', 'role']) }} as placeholder_columns
    from source

)

select * from renamed
