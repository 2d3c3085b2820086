with

decisions as (

    select * from {{ ref('int_consents_concerned') }}

),

latest as (

    select *
    from decisions
    qualify row_number() over (
        partition by customer_id, purpose, decided_by
        order by decided_on desc
    ) = 1

),

final as (

    select
        customer_id,
        coalesce(bool_or(not is_granted) filter (where purpose = 'profiling'), false)
            as has_objected_to_profiling,
        coalesce(bool_or(is_granted) filter (where purpose = 'newsletter'), false)
            as has_newsletter_opt_in
    from latest
    group by customer_id

)

select * from final
