with

source as (

    select * from {{ source('inbox', 'companies') }}

),

renamed as (

    select
        record_id,
        source,
        file,
        row_number,
        load_id,
        loaded_at,

        {{ parse_text('name') }} as name,
        {{ parse_text('street') }} as street,
        {{ parse_text('postcode') }} as postcode,
        {{ parse_text('city') }} as city,
        {{ parse_text('country') }} as country,
        {{ parse_text('phone') }} as phone,
        {{ parse_email('email') }} as email,
        {{ parse_text('website') }} as website,
        {{ parse_text('vat_id') }} as vat_id,
        {{ parse_text('registration_no') }} as registration_no,
        {{ parse_text('customer_no') }} as customer_no,
        {{ parse_text('other_ids') }} as other_ids,
        {{ parse_text('industry') }} as industry,
        {{ parse_text('account_manager') }} as account_manager,

        {{ parse_number('employees') }} as employees,

        {{ parse_date('customer_since') }} as customer_since,

        attributes,
        {{ unparsed(numbers=['employees'], dates=['customer_since']) }} as unparsed_columns,
        {{
            placeholders([
                'name', 'street', 'postcode', 'city', 'country', 'phone', 'email', 'website',
                'vat_id', 'registration_no', 'customer_no', 'industry', 'employees',
                'account_manager', 'customer_since'
            ])
        }} as placeholder_columns
    from source

)

select * from renamed
