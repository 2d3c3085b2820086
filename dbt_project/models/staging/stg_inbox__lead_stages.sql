with

source as (

    select * from {{ source('inbox', 'lead_stages') }}

),

renamed as (

    select
        record_id as lead_stage_id,
        source,
        file,
        row_number,
        load_id,
        loaded_at,
        {{ version_columns() }}

        lead as lead_id,

        {{ parse_text('stage') }} as stage,

        {{ parse_date('entered_on') }} as entered_on,

        attributes,
        {{ unparsed(dates=['entered_on']) }} as unparsed_columns,
        {{ placeholders(['stage', 'entered_on']) }} as placeholder_columns
    from source

)

select * from renamed
