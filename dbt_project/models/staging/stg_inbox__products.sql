with

source as (

    select * from {{ source('inbox', 'products') }}

),

renamed as (

    select
        record_id as product_id,
        source,
        file,
        row_number,
        load_id,
        loaded_at,
        {{ version_columns() }}

        {{ parse_text('sku') }} as sku,
        {{ parse_text('name') }} as name,
        {{ parse_text('product_group') }} as product_group,
        {{ parse_text('unit') }} as unit,

        {{ parse_number('list_price') }} as list_price,
        {{ parse_number('unit_cost') }} as unit_cost,

        attributes,
        {{ unparsed(numbers=['list_price', 'unit_cost']) }} as unparsed_columns,
        {{
            placeholders([
                'sku', 'name', 'product_group', 'unit', 'list_price', 'unit_cost'
            ])
        }} as placeholder_columns
    from source

)

select * from renamed
