{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

judged as (

    select * from {{ ref('stg_ops__text_labels') }}
    where model = 'sentiment'

),

objections as (

    select * from {{ ref('int_consents_decided') }}
    where has_objected_to_profiling

),

-- of who objected to profiling since nothing is shown, not even from an earlier night
final as (

    select judged.*
    from judged
    where
        not exists (
            select 1 from objections
            where objections.customer_id = judged.customer_id
        )

)

select * from final
