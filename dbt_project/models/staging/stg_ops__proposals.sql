with

source as (

    select * from {{ source('ops', 'proposal_states') }}

),

renamed as (

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
        len(released_by) as release_count,
        reject_reason,
        comment,
        is_control,
        night as proposed_on,
        expires_on,
        ended_on,
        ended_why,
        delivered_on,
        outcome,
        answer,
        answered_on
    from source

)

select * from renamed
