{#
    Finding the customer of a row. A key is a fact that points to customers: a record id, an
    e-mail address, a domain or a name. A key that points to more than one points to nobody.
#}

{% macro email_key(email) -%}
    nullif(lower(trim({{ email }})), '')
{%- endmacro %}


{% macro email_domain(email) -%}
    nullif(split_part(lower(trim({{ email }})), '@', 2), '')
{%- endmacro %}


{% macro website_domain(website) -%}
    nullif(regexp_extract(lower(trim({{ website }})), '^(?:https?://)?(?:www\.)?([^/:?#]+)', 1), '')
{%- endmacro %}


{# "Müller & Söhne GmbH" and "MUELLER und Soehne gmbh" are one name. #}
{% macro name_key(name) -%}
    nullif(trim(regexp_replace(strip_accents(
        {%- for written, plain in [('ä', 'ae'), ('ö', 'oe'), ('ü', 'ue'), ('ß', 'ss'), ('&', ' und ')] %}replace({% endfor -%}
        lower({{ name }})
        {%- for written, plain in [('ä', 'ae'), ('ö', 'oe'), ('ü', 'ue'), ('ß', 'ss'), ('&', ' und ')] %}, '{{ written }}', '{{ plain }}'){% endfor -%}
    ), '[^a-z0-9]+', ' ', 'g')), '')
{%- endmacro %}


{# The keys of one kind that point to exactly one customer, and that customer. #}
{% macro customers_of_keys(keys, kind) -%}
    select
        key,
        any_value(customer_id) as customer_id
    from {{ keys }}
    where kind = '{{ kind }}'
    group by key
    having count(distinct customer_id) = 1
{%- endmacro %}


{# All of `relation` with `customer_id` and `linked_by`, the kind of the first key of `steps`
   ((kind, expression) in order of trust) that points to exactly one customer. #}
{% macro link_customers(relation, keys, steps) -%}
    select
        {{ relation }}.*,
        coalesce({% for _ in steps %}key_{{ loop.index }}.customer_id{{ ', ' if not loop.last }}{% endfor %}) as customer_id,
        case
            {%- for kind, _ in steps %}
            when key_{{ loop.index }}.customer_id is not null then '{{ kind }}'
            {%- endfor %}
        end as linked_by
    from {{ relation }}
    {%- for kind, expression in steps %}
    left join (
        {{ customers_of_keys(keys, kind) }}
    ) as key_{{ loop.index }} on {{ expression }} = key_{{ loop.index }}.key
    {%- endfor %}
{%- endmacro %}
