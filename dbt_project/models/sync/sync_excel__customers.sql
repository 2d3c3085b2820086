with

parties as (

    select * from {{ ref('sync_tryton__parties') }}

),

customers as (

    select * from {{ ref('customers') }}

),

final as (

    select
        parties.key,
        parties.customer_no,
        parties.name,
        parties.postcode,
        parties.city,
        customers.account_manager,
        parties.points,
        parties.band,
        parties.reasons,
        parties.scored_on
    from parties
    inner join customers on parties.key = customers.customer_id
    where parties.points is not null

)

select * from final
