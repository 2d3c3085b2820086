{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

parts as (

    select * from {{ ref('int_score_reasons_permitted') }}

),

final as (

    select
        score,
        entity,
        entity_id,
        scored_on as night,
        feature,
        value,
        part,
        unit,
        direction,
        rank,
        is_shown,
        sentence_de,
        sentence_en
    from parts

)

select * from final
