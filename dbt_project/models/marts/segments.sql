{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

segments as (

    select * from {{ ref('int_segments_permitted') }}

),

final as (

    select
        model,
        customer_id,
        segment,
        name_de as name,
        name_en,
        stage,
        method,
        fitted_on,
        is_far,
        as_of,
        assigned_on
    from segments

)

select * from final
