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
        sku,
        arg_max(
            {
                'product_id': source || ':' || sku,
                'name': product_name
            },
            ({{ version_parts() | join(', ') }}, order_line_id)
        ) as latest
    from order_lines
    where sku is not null
    group by sku

),

listed as (

    select
        product_id,
        sku,
        name,
        product_group,
        unit,
        list_price,
        unit_cost
    from products
    qualify row_number() over (
        partition by coalesce(sku, product_id)
        order by {{ newest_first() }}
    ) = 1

),

chosen as (

    select * from listed

    union all

    select
        latest.product_id,
        sku,
        latest.name,
        null as product_group,
        null as unit,
        null as list_price,
        null as unit_cost
    from sold
    where sku not in (select coalesce(listed.sku, listed.product_id) from listed)

),

final as (

    {{ corrected('chosen', 'product_id', 'products', {
        'name': ('name', 'varchar'),
        'product_group': ('product_group', 'varchar'),
    }) }}

)

select * from final
