{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

moods as (

    select * from {{ ref('int_moods_permitted') }}

),

final as (

    select
        customer_id,
        source,
        text_id,
        said_at,
        category,
        probability,
        is_positive as is_dissatisfied,
        is_said,
        sentence,
        method
    from moods

)

select * from final
