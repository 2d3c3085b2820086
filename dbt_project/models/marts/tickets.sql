with

tickets as (

    select * from {{ ref('int_tickets_linked') }}

),

final as (

    select
        ticket_id,
        customer_id,
        opened_at,
        closed_at,
        category,
        priority,
        subject,
        body,
        is_complaint
    from tickets

)

select * from final
