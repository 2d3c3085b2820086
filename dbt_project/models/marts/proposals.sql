{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

proposals as (

    select * from {{ ref('int_proposals_permitted') }}

),

final as (

    select
        proposal_id,
        use_case,
        action,
        stage,
        channel,
        state,
        customer_id,
        lead_id,
        contact_id,
        email,
        occasion,
        title_de,
        title_en,
        reason_de,
        reason_en,
        legal_basis_de,
        legal_basis_en,
        subject,
        body,
        releases_needed,
        release_count,
        reject_reason,
        comment,
        is_control,
        proposed_on,
        expires_on,
        ended_on,
        ended_why,
        delivered_on,
        outcome,
        answer,
        answered_on
    from proposals

)

select * from final
