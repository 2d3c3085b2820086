{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

recommendations as (

    select * from {{ ref('int_recommendations_permitted') }}

),

final as (

    select
        model,
        customer_id,
        kind,
        rank,
        sku,
        product_name,
        product_group,
        due_on,
        strength,
        reason_de,
        reason_en,
        method,
        as_of
    from recommendations

)

select * from final
