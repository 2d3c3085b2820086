with

source as (

    select * from {{ source('inbox', 'contacts') }}

),

renamed as (

    select
        record_id,
        source,
        file,
        row_number,
        load_id,
        loaded_at,
        {{ version_columns() }}

        company as company_record_id,

        {{ parse_text('company_name') }} as company_name,
        {{ parse_text('given_name') }} as given_name,
        {{ parse_text('family_name') }} as family_name,
        {{ parse_text('role') }} as role,
        {{ parse_email('email') }} as email,
        {{ parse_text('phone') }} as phone,

        {{ parse_date('left_on') }} as left_on,

        {{ parse_boolean('is_active') }} as is_active,

        attributes,
        {{ unparsed(dates=['left_on'], booleans=['is_active']) }} as unparsed_columns,
        {{
            placeholders([
                'company_name', 'given_name', 'family_name', 'role', 'email', 'phone',
                'is_active', 'left_on'
            ])
        }} as placeholder_columns
    from source

)

select * from renamed
