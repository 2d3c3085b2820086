with

products as (

    select * from {{ ref('int_products_merged') }}

),

final as (

    select
        product_id,
        sku,
        name,
        product_group
    from products

)

select * from final
