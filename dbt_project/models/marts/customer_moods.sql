{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

moods as (

    select
        *,
        cast(said_at as date) >= {{ night() }} - 90 as is_recent
    from {{ ref('moods') }}
    where cast(said_at as date) >= {{ night() }} - 365

),

-- per day, so that 90 days and the 275 before them can be compared
counted as (

    select
        customer_id,
        count(*) filter (where is_recent) as texts,
        count(*) filter (where is_dissatisfied and is_recent) as dissatisfied,
        count(*) filter (where not is_recent) as texts_before,
        count(*) filter (where is_dissatisfied and not is_recent) as dissatisfied_before,
        max(said_at) filter (where is_dissatisfied) as dissatisfied_at,
        arg_max(text_id, said_at) filter (where is_dissatisfied) as text_id,
        arg_max(category, said_at) filter (where is_dissatisfied) as category,
        arg_max(sentence, said_at) filter (where is_dissatisfied) as sentence
    from moods
    group by customer_id

),

by_topic as (

    select
        customer_id,
        coalesce(category, '?') as category,
        cast(count(*) as integer) as dissatisfied
    from moods
    where is_dissatisfied
    group by all

),

topics as (

    select
        customer_id,
        map(
            list(category order by dissatisfied desc, category asc),
            list(dissatisfied order by dissatisfied desc, category asc)
        ) as dissatisfied_by_category
    from by_topic
    group by customer_id

),

final as (

    select
        counted.customer_id,
        cast(counted.texts as integer) as texts,
        cast(counted.dissatisfied as integer) as dissatisfied,
        cast(counted.texts_before as integer) as texts_before,
        cast(counted.dissatisfied_before as integer) as dissatisfied_before,
        case
            when counted.dissatisfied + counted.dissatisfied_before < 2 then null
            when
                counted.dissatisfied > 1
                and counted.dissatisfied / 90 > 2 * counted.dissatisfied_before / 275
                then 'worse'
            when 2 * counted.dissatisfied / 90 < counted.dissatisfied_before / 275 then 'better'
            else 'same'
        end as trend,
        topics.dissatisfied_by_category,
        counted.dissatisfied_at,
        counted.text_id,
        counted.category,
        counted.sentence
    from counted
    left join topics on counted.customer_id = topics.customer_id

)

select * from final
