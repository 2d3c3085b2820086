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

        attributes,
        {{ unparsed() }} as unparsed_columns,
        {{ placeholders(['sku', 'name', 'product_group']) }} as placeholder_columns
    from source

)

select * from renamed
