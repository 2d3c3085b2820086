{#- A view: proposals are decided after the build. -#}
{{ config(materialized='view') }}

with

names as (

    select * from {{ ref('buying_roles') }}

),

-- what people filled in beats all; it follows the record it was said of
corrected as (

    select
        records.contact_id,
        arg_max(corrections.value, corrections.loaded_at) as buying_role
    from {{ ref('stg_ops__corrections') }} as corrections
    inner join {{ ref('int_persons_resolved') }} as records
        on corrections.record_id = records.record_id
    where corrections.mart = 'contact_roles' and corrections.column_name = 'buying_role'
    group by records.contact_id

),

-- what sales said of a proposed role: a release confirms it, a rejection takes it back
judged as (

    select
        contact_id,
        arg_max(action, proposed_on) as buying_role,
        arg_max(reject_reason is null, proposed_on) as is_confirmed
    from {{ ref('stg_ops__proposals') }}
    where
        use_case = 'buying_centre' and contact_id is not null
        and action in (select names.buying_role from names)
        and (reject_reason in ('not_true', 'wrong_person') or release_count > 0)
    group by contact_id

),

final as (

    select
        coalesce(corrected.contact_id, judged.contact_id) as contact_id,
        corrected.buying_role as corrected_role,
        judged.buying_role as judged_role,
        names.name_de as judged_de,
        names.name_en as judged_en,
        judged.is_confirmed
    from corrected
    full outer join judged on corrected.contact_id = judged.contact_id
    left join names on judged.buying_role = names.buying_role

)

select * from final
