{# The words of a list as SQL texts: 'a', 'b' #}
{% macro quoted(words) -%}
    {% for word in words %}'{{ word | replace("'", "''") }}'{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}


{# A score's reasons as one text, a line each, in the language of the installation. #}
{% macro reasons(scores) -%}
    array_to_string({{ scores }}.reasons_{{ var('language', env_var('REIFEGRAD_LANGUAGE', 'de')) }}, chr(10))
{%- endmacro %}
