{# Made of vocabulary/words.yml by `make vocabulary`; change it there. Placeholders as regular
   expressions, a space stands for any or no marks. #}
{% macro placeholders_everywhere() -%}
    k\.( (a))|k/( (a))|keine( (ang|angabe|angaben))|ohne( (ang|angabe|angaben))|unbekannt|unbekannte|unbek|noch( (unbekannt|unbekannte|unbek|offen|zu( (klären))))|nicht( (bekannt|vorhanden|verfügbar|angegeben|erfasst|zutreffend))|fehlt|folgt|wird( (nachgereicht))|siehe( (oben))|kein( (eintrag|wert))|n\.( (a|v))|n/( (a|v))|unknown|not( (known|available|applicable|specified|given|provided|set))|no( (data|value|info|information|entry|disponible))|undefined|tba|tbc|tbd|to( (be( (announced|confirmed|defined))))|inconnu|inconnue|non( (renseigné|renseignée|communiqué|communiquée|disponible|connu|connue|spécifié|spécifiée|disponibile|noto|nota|specificato))|sans( (objet))|sconosciuto|sconosciuta|desconocido|desconocida|sin( (datos))|onbekend|niet( (bekend|beschikbaar))|nieznany|nieznana|nieznane|brak( (danych))?|neznámý|neznámá|neznámé|neuvedeno
{%- endmacro %}


{# These too, but not where people, their initials or countries stand. #}
{% macro placeholders_but_for_people_and_countries() -%}
    k( (a))|n( (a|v))|null|nil|nan|none|keiner|keines|keine
{%- endmacro %}
