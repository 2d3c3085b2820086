{#- A view: the scores are written after the build. -#}
{{ config(materialized='view') }}

with

scores as (

    select * from {{ ref('int_scores_permitted') }}

),

leads as (

    select * from {{ ref('int_leads_linked') }}
    where outcome = 'open'

),

customers as (

    select * from {{ ref('int_customers_merged') }}

),

-- where a score's YAML names no worth: the turnover of 12 months, where orders have amounts
turnovers as (

    select
        customer_id,
        case
            when max(net_amount_12_months) over () > 0 then net_amount_12_months
        end as turnover
    from {{ ref('int_customers_summarised') }}

),

limits as (

    select * from {{ ref('stg_ops__call_list_limits') }}

),

names as (

    select * from {{ ref('stg_ops__call_list_names') }}

),

paused as (

    select distinct customer_id
    from {{ ref('int_score_feedback_linked') }}
    where said_on + pause_days > {{ night() }}

),

hints as (

    select
        scores.* replace (
            coalesce(
                scores.amount,
                case when scores.entity = 'lead' then leads.amount else turnovers.turnover end
            ) as amount
        ),
        leads.title,
        {{ email_key('leads.contact_email') }} as contact_email,
        customers.customer_id as called_id,
        coalesce(leads.owner, customers.account_manager) as written
    from scores
    cross join limits
    left join leads on scores.entity = 'lead' and scores.entity_id = leads.lead_id
    inner join customers
        on
            customers.customer_id
            = case when scores.entity = 'lead' then leads.customer_id else scores.entity_id end
    left join turnovers on customers.customer_id = turnovers.customer_id
    left join paused on customers.customer_id = paused.customer_id
    where
        list_contains(limits.scores, scores.score)
        and list_contains(limits.bands, scores.band)
        and paused.customer_id is null

),

-- by what may be expected: probability x amount. Points of rules take the place of the probability,
-- the median of the others that of an amount that nobody knows.
weighed as (

    select
        hints.*,
        coalesce(names.name, trim(hints.written)) as account_manager,
        -- nothing is worth less than nothing, whatever was credited
        coalesce(
            case when hints.amount < 0 then 0 else hints.amount end,
            median(hints.amount) over (partition by hints.score),
            median(hints.amount) over (),
            1
        ) * coalesce(hints.probability, hints.points / 100) as worth
    from hints
    left join names on lower(trim(hints.written)) = names.written

),

-- of several hints on one customer the one that weighs most
chosen as (

    select
        *,
        count(*) over (partition by called_id, lower(account_manager)) - 1 as further_hints
    from weighed
    qualify row_number() over (
        partition by called_id, lower(account_manager)
        order by worth desc, points desc, entity_id asc
    ) = 1

),

ranked as (

    select
        called_id as customer_id,
        score,
        entity,
        entity_id,
        title,
        contact_email,
        stage,
        method,
        model_version,
        probability,
        points,
        band,
        reasons_de,
        reasons_en,
        amount,
        coalesce(expected_amount, amount * probability) as expected_amount,
        worth,
        scored_on,
        as_of,
        further_hints,
        -- one name, however its letters are written; capitals only where nothing else is there
        first_value(account_manager) over (
            partition by lower(account_manager)
            order by account_manager = upper(account_manager) asc, account_manager asc
        ) as account_manager,
        row_number() over (
            partition by lower(account_manager)
            order by worth desc, points desc, called_id asc
        ) as rank,
        count(*) over (partition by lower(account_manager)) as candidates
    from chosen

),

final as (

    select ranked.*
    from ranked
    cross join limits
    where ranked.rank <= limits.rows_per_person

)

select * from final
