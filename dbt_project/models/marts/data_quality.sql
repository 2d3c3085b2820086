with

counted as (

    select * from {{ ref('int_cells_counted') }}

),

final as (

    select
        source,
        entity,
        column_name,
        records,
        readable + unparsed + placeholders as filled,
        unparsed,
        placeholders
    from counted

)

select * from final
