with

leads as (

    select * from {{ ref('leads') }}
    where outcome = 'open' and customer_id is not null

),

customers as (

    select * from {{ ref('customers') }}

),

scores as (

    select * from {{ ref('stg_ops__scores') }}
    where score = 'lead' and entity = 'lead'

),

final as (

    select
        leads.lead_id as key,
        leads.customer_id as customer_key,
        customers.customer_no,
        leads.title,
        leads.amount,
        leads.created_on,
        scores.points,
        scores.band,
        {{ reasons('scores') }} as reasons,
        scores.scored_on
    from leads
    inner join customers on leads.customer_id = customers.customer_id
    -- who objected to profiling has no score, even where an earlier night left one
    left join scores
        on
            leads.lead_id = scores.entity_id
            and not customers.has_objected_to_profiling

)

select * from final
