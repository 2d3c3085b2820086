with

source as (

    select * from {{ source('ops', 'loads') }}

),

renamed as (

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
    from source

)

select * from renamed
