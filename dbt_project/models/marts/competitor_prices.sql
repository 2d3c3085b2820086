with

competitor_prices as (

    select * from {{ ref('int_competitor_prices_compared') }}

),

final as (

    select
        competitor_price_id,
        competitor,
        sku,
        price,
        currency,
        unit,
        is_comparable,
        seen_on
    from competitor_prices

)

select * from final
