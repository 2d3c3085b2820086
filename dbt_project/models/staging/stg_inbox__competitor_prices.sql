with

source as (

    select * from {{ source('inbox', 'competitor_prices') }}

),

renamed as (

    select
        record_id as competitor_price_id,
        source,
        file,
        row_number,
        load_id,
        loaded_at,
        {{ version_columns() }}

        {{ parse_text('competitor') }} as competitor,
        {{ parse_text('sku') }} as sku,
        {{ parse_text('product_name') }} as product_name,
        {{ parse_text('currency') }} as currency,
        {{ parse_text('unit') }} as unit,

        {{ parse_number('price') }} as price,

        {{ parse_date('seen_on') }} as seen_on,

        attributes,
        {{ unparsed(numbers=['price'], dates=['seen_on']) }} as unparsed_columns,
        {{
            placeholders([
                'competitor', 'sku', 'product_name', 'price', 'currency', 'unit', 'seen_on'
            ])
        }} as placeholder_columns
    from source

)

select * from renamed
