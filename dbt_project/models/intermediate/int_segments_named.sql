{#- A view: the names are written after the build. -#}
{{ config(materialized='view') }}

with

names as (

    select * from {{ ref('stg_ops__segment_names') }}

),

-- who has not ordered for long is in no segment of a month
final as (

    select * from names
    where segment != 'without'

)

select * from final
