with

products as (

    select * from {{ ref('stg_inbox__products') }}

),

order_lines as (

    select * from {{ ref('int_order_lines_linked') }}

),

-- what was sold without being in the product master is a product all the same
sold as (

    select
        source || ':' || sku as product_id,
        sku,
        product_name as name,
        cast(null as varchar) as product_group,
        false as is_master,
        loaded_at,
        row_number
    from order_lines
    where sku is not null

),

listed as (

    select
        product_id,
        sku,
        name,
        product_group,
        true as is_master,
        loaded_at,
        row_number
    from products

    union all

    select * from sold

),

chosen as (

    select
        product_id,
        sku,
        name,
        product_group
    from listed
    qualify row_number() over (
        partition by coalesce(sku, product_id)
        order by is_master desc, loaded_at desc, row_number desc
    ) = 1

),

final as (

    {{ corrected('chosen', 'product_id', 'products', {
        'name': ('name', 'varchar'),
        'product_group': ('product_group', 'varchar'),
    }) }}

)

select * from final
