{%- set attributes = ['given_name', 'family_name', 'role', 'email', 'phone'] -%}

with

records as (

    select
        linked.* replace (
            resolved.given_name as given_name,
            resolved.family_name as family_name,
            {{ email_key('linked.email') }} as email
        ),
        resolved.contact_id,
        resolved.person_id
    from {{ ref('int_contacts_linked') }} as linked
    inner join {{ ref('int_persons_resolved') }} as resolved
        on linked.record_id = resolved.record_id

),

ranked as (

    {{ rank_values('records', 'contact_id', 'contacts', attributes) }}

),

merged as (

    select
        {% for attribute in attributes %}
            max(value) filter (where attribute = '{{ attribute }}') as {{ attribute }},
        {% endfor %}
        contact_id
    from ranked
    where is_chosen
    group by contact_id

),

-- what people filled in beats all records; it follows the record it was said of
corrected as (

    select
        {% for attribute in attributes %}
            arg_max(corrections.value, corrections.loaded_at) filter (
                where corrections.column_name = '{{ attribute }}'
            ) as {{ attribute }},
        {% endfor %}
        resolved.contact_id
    from {{ ref('stg_ops__corrections') }} as corrections
    inner join {{ ref('int_persons_resolved') }} as resolved
        on corrections.record_id = resolved.record_id
    where corrections.mart = 'contacts'
    group by resolved.contact_id

),

known as (

    select
        contact_id,
        any_value(person_id) as person_id,
        any_value(customer_id) as customer_id,
        -- who left according to one file has left: other files may be out of date
        coalesce(bool_and(is_active), true) and max(left_on) is null as is_active,
        max(left_on) as left_on,
        count(*) as record_count
    from records
    group by contact_id

),

final as (

    select
        known.contact_id,
        known.person_id,
        known.customer_id,
        {% for attribute in attributes %}
            coalesce(corrected.{{ attribute }}, merged.{{ attribute }}) as {{ attribute }},
        {% endfor %}
        known.is_active,
        known.left_on,
        known.record_count
    from known
    left join merged on known.contact_id = merged.contact_id
    left join corrected on known.contact_id = corrected.contact_id

)

select * from final
