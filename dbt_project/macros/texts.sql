{# The words of a list as SQL texts: 'a', 'b' #}
{% macro quoted(words) -%}
    {% for word in words %}'{{ word | replace("'", "''") }}'{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}


{# A score's reasons as one text, those for and against under a heading each, in the language of the
   installation. #}
{% macro reasons(scores) -%}
    {{ scores }}.told_{{ var('language', env_var('REIFEGRAD_LANGUAGE', 'de')) }}
{%- endmacro %}


{# What a CRM shows of a score; the columns of sync_crm__*. #}
{% macro shown_score(scores) -%}
    {{ scores }}.points,
        {{ scores }}.band,
        {{ reasons(scores) }} as reasons,
        {{ scores }}.stage,
        {{ scores }}.method,
        {{ scores }}.model_version,
        {{ scores }}.scored_on,
        {{ scores }}.expected_amount
{%- endmacro %}
