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


{# What a link is about, as words: "https://www.x.example/produkte/riemen-ketten?utm=1" -> "riemen ketten";
   of a link without a path nothing, other texts as they are. #}
{% macro topic_of(text) -%}
    case
        when regexp_matches({{ text }}, '(?i)^(https?://|www\.|/)')
            then nullif(trim(regexp_replace(regexp_extract(
                regexp_replace({{ text }}, '(?i)^(https?://|www\.)[^/?#]*|[?#].*$', '', 'g'),
                '([^/]+?)(?:\.[A-Za-z]{2,5})?/*$', 1
            ), '[-_+\s]+|%20', ' ', 'g')), '')
        else {{ text }}
    end
{%- endmacro %}


{# "€" | "Euro" | "sfr." -> EUR, EUR, CHF; other texts in capitals. #}
{% macro currency_code(text) -%}
    case
        when trim({{ text }}) in ('€', 'Euro', 'euro', 'EURO') then 'EUR'
        when regexp_matches(trim({{ text }}), '(?i)^(s?fr\.?|franken)$') then 'CHF'
        when trim({{ text }}) in ('$', 'US$') then 'USD'
        when trim({{ text }}) = '£' then 'GBP'
        else nullif(upper(trim({{ text }})), '')
    end
{%- endmacro %}


{# What a price is for, to be compared: "Stück", "Stck." and "pcs" are one; "10 Stk" is another unit. #}
{% macro unit_key(text) -%}
    nullif(regexp_replace(
        lower(regexp_replace({{ text }}, '[\s./]+', '', 'g')),
        '^1?(stk|stck|stück|st|pcs?|pieces?|ea|each|h87|c62)$', 'stk'
    ), '')
{%- endmacro %}
