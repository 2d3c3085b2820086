{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

loads as (

    select * from {{ ref('stg_ops__loads') }}

),

final as (

    select
        load_id,
        source,
        file,
        sheet,
        sha256,
        loaded_at,
        rows_found,
        rows_loaded,
        rows_quarantined,
        status,
        reason_de,
        reason_en,
        notes_de,
        notes_en
    from loads

)

select * from final
