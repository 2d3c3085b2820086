with

competitor_prices as (

    {{ newest(ref('stg_inbox__competitor_prices'), 'competitor_price_id') }}

),

products as (

    select
        sku,
        unit
    from {{ ref('int_products_merged') }}
    where sku is not null

),

coded as (

    select * replace ({{ currency_code('currency') }} as currency)
    from competitor_prices

),

final as (

    select
        coded.*,
        coalesce(coded.currency = '{{ var("currency") }}', true)
        and coalesce(
            {{ unit_key('coded.unit') }} = {{ unit_key('products.unit') }},
            true
        ) as is_comparable
    from coded
    left join products on coded.sku = products.sku

)

select * from final
