"""Signs of prompt injection in German, French, Spanish, Italian, Portuguese and Dutch; see `phrases` for how to read.

Texts are folded first, so umlauts and accents are off: "für" is "fur", "règles" is "regles", and "ß" is "ss".
"""

from __future__ import annotations

from pytest_mlgate.guardrails.phrases import table

_SENT = r"([a-z0-9._%+-]+@[a-z0-9-]+\.[a-z]|https?://|extern[a-z]*|estern[a-z]*|fremde)"

OTHERS = table(
    {
        ("override", 1.0): (
            r"\b(ignorier[a-z]*|vergiss|vergessen sie|missacht[a-z]*|ubergeh[a-z]*|umgeh[a-z]*|verwirf|uberschreib[a-z]*|befolge nicht) {any:5}(anweisung(en)?|instruktion(en)?|regeln|vorgaben?|richtlinien?|befehle|beschrankung(en)?|einschrankung(en)?|sicherheitsregeln|systemprompt)\b",
            r"\b(vergiss|ignorier[a-z]*|vergessen sie) alles,? (was|bisherige|vorherige|zuvor|davor|oben)",
            r"\b(ignore[rsz]?|oublie[rsz]?|neglige[rsz]?|contourne[rsz]?|outrepasse[rsz]?|(ne )?(tiens|tenez) pas compte|fais abstraction|faites abstraction|desobei[a-z]*) (a )?(toutes? |tous |les |tes |vos |ces |mes |l.?ensemble |des |de )+{any:2}(instructions?|consignes?|regles|directives?|restrictions?|contraintes?)\b",
            r"\b(oublie[rsz]?|ignore[rsz]?) tout ce (qui|que)",
            r"\b(ignor[a-z]+|olvid[a-z]+|descart[a-z]+|omit[a-z]+|desobedec[a-z]+|no sigas|no hagas caso|haz caso omiso|pasa por alto|anula[a-z]*|sobrescrib[a-z]+) {any:5}(instruccion(es)?|reglas|indicaciones|directrices|ordenes anteriores|restricciones|politicas|normas|limitaciones)\b",
            r"\b(olvid[a-z]+|ignor[a-z]+) todo lo (anterior|que)",
            r"\b(ignor[a-z]+|dimentic[a-z]+|scord[a-z]+|trascur[a-z]+|non (seguire|considerare)|aggir[a-z]+|disattend[a-z]+) {any:5}(istruzioni|regole|direttive|indicazioni|restrizioni|linee guida|limitazioni|vincoli)\b",
            r"\b(ignor[a-z]+|dimentic[a-z]+) tutto (cio|quello|quanto)",
            r"\b(ignor[a-z]+|esquec[a-z]+|desconsider[a-z]+|desrespeit[a-z]+|nao sigas?|contorn[a-z]+) {any:5}(instrucoes|regras|diretrizes|orientacoes|restricoes|politicas)\b",
            r"\b(negeer|vergeet|omzeil|overtreed|sla) {any:5}(instructies|regels|richtlijnen|opdrachten|beperkingen)\b",
        ),
        ("new_orders", 0.6): (
            r"\b(neue|aktualisierte) (system)?(anweisung(en)?|instruktion(en)?|regeln) ?[:\-]",
            r"\b(nouvelles?) (instructions?|consignes?|regles) ?[:\-]",
            r"\b(nuev[ao]s?) (instruccion(es)?|reglas|ordenes) ?[:\-]",
            r"\b(nuov[aei]) (istruzion[ei]|regole|direttive) ?[:\-]",
            r"\b(novas?) (instrucoes|regras) ?[:\-]",
            r"\b(nieuwe) (instructies?|regels) ?[:\-]",
        ),
        ("system_notice", 0.5): (
            r"\b(nota|messaggio|avviso) (di|del) sistema",
            r"\b(nota|mensaje|aviso) (del?|de) sistema",
            r"\b(note|message|avis) (du )?systeme?",
            r"\bsystem(hinweis|nachricht|meldung|anweisung)",
            r"\b(nota|mensagem) do sistema",
        ),
        ("from_now_on", 0.3): (
            r"\bab (jetzt|sofort|nun)\b|\bvon jetzt an\b|\bdu bist (jetzt|nun|ab)\b|\bsie sind (jetzt|nun)\b",
            r"\bdesormais\b|\ba partir de maintenant\b|\bdorenavant\b|\b(tu es|vous etes) maintenant\b",
            r"\bahora (eres|estas)\b|\ba partir de ahora\b|\bdesde ahora\b|\bde ahora en adelante\b",
            r"\b(ora|adesso) sei\b|\bd.?ora in (poi|avanti)\b|\bda (ora|questo momento|adesso)\b",
            r"\ba partir de agora\b|\bagora (voce e|es)\b|\bvanaf nu\b|\bje bent nu\b",
        ),
        ("unrestricted", 0.7): (
            r"\b(keine(rlei)?|ohne( jede| jegliche| alle)?) (inhaltlichen )?(regeln|beschrankung(en)?|einschrankung(en)?|filter|grenzen|zensur|richtlinien)",
            r"\b(sans|aucune?|plus de) (aucune? )?(restrictions?|filtres?|limites?|regles|censure)",
            r"\bsin (ninguna? |ningun )?(restriccion(es)?|filtros?|limites?|reglas|censura)",
            r"\bsenza (alcuna? |nessuna? |alcun )?(restrizion[ei]|filtr[oi]|limit[ei]|regole|censura|vincoli)",
            r"\bsem (nenhuma? |quaisquer )?(restric(ao|oes)|filtros?|limites?|regras|censura)",
            r"\b(zonder|geen) (enige )?(beperkingen|filters?|regels|grenzen)",
        ),
        ("special_mode", 0.5): (
            r"\bentwicklermodus\b|\bmode (developpeur|dieu)\b|\bmodo (desarrollador|dios|desenvolvedor)\b|\bmodalita (sviluppatore|dio)\b|\bontwikkelaarsmodus\b",
        ),
        ("role_play", 0.3): (
            r"\b(tu so,? als|stell dir vor|verhalte dich|agiere als|gib vor)\b",
            r"\b(fais semblant|faites semblant|imagine que tu|comporte toi)\b",
            r"\b(finge|imagina que eres|comportate como|actua como)\b",
            r"\b(fingi|fai finta|immagina di|comportati come|agisci come)\b",
        ),
        ("prompt_leak", 1.0): (
            r"\b(zeig[a-z]*|verrat[a-z]*|nenn[a-z]*|offenbar[a-z]*|enthull[a-z]*|gib|geben sie|wiederhol[a-z]*|druck[a-z]*|schreib[a-z]*) {any:5}(system ?prompt[a-z]*|system ?anweisung(en)?|system ?nachricht|geheime[a-z]* anweisung(en)?|interne[a-z]* anweisung(en)?|ursprunglich[a-z]* anweisung(en)?)",
            r"\b(revel[a-z]*|montre[rsz]?|affiche[rsz]?|donne[rsz]?|repete[rsz]?|divulgue[rsz]?|dis|dites) {any:5}(prompt( systeme)?|(instructions?|consignes?) (systeme|internes?|initiales?|cachees?|secretes?|d.?origine)|message systeme)\b",
            r"\b(revel[a-z]*|muestra[a-z]*|dime|ensena[a-z]*|imprim[a-z]*|repit[a-z]*|dame|comparte|mostrar?|mostra|escrib[a-z]*) {any:5}(prompt( del? sistema)?|instrucciones (del sistema|internas|ocultas|iniciales|secretas|originales)|mensaje (del|de) sistema)\b",
            r"\b(rivel[a-z]*|mostra[a-z]*|stampa[a-z]*|ripet[a-z]*|dimmi|dammi|scriv[a-z]*|condivid[a-z]*) {any:5}(prompt( di sistema)?|istruzioni (di sistema|interne|nascoste|iniziali|segrete|originali)|messaggio di sistema)\b",
            r"\b(revel[a-z]*|mostr[a-z]*|repit[a-z]*|imprim[a-z]*|diga|conte) {any:5}(prompt( do sistema)?|instrucoes (do sistema|internas|ocultas|iniciais))\b",
            r"\b(toon|onthul|geef|herhaal|laat) {any:5}(systeem ?prompt|systeeminstructies|verborgen instructies)\b",
        ),
        ("verbatim", 0.3): (
            r"\bmot pour mot\b|\bpalabra por palabra\b|\bparola per parola\b|\bwort fur wort\b|\bwortlich\b|\bpalavra por palavra\b|\bwoord voor woord\b",
        ),
        ("to_outside", 0.5): (
            rf"\b(send[a-z]*|schick[a-z]*|leit[a-z]*|ubermitt[a-z]*) {{any:9}}(an|nach) {{any:3}}{_SENT}",
            rf"\b(envoie[a-z]*|envoye[a-z]*|transmet[a-z]*|transfere[a-z]*|expedie[a-z]*) {{any:9}}{_SENT}",
            rf"\b(envia[a-z]*|reenvia[a-z]*|manda[a-z]*|remit[a-z]*) {{any:9}}{_SENT}",
            rf"\b(invia[a-z]*|inoltra[a-z]*|manda[a-z]*|spedi[a-z]*|trasmett[a-z]*) {{any:9}}{_SENT}",
            rf"\b(envie[a-z]*|encaminh[a-z]*|mande[a-z]*) {{any:9}}{_SENT}",
            rf"\b(stuur|verzend|mail) {{any:9}}{_SENT}",
        ),
        ("take_data", 0.6): (
            r"\b(interne[nr]?|vertrauliche[nr]?|geheime[nr]?|private[nr]?) (kunden)?(daten|informationen|dateien|datensatze)\b|\bkunden(daten|liste)\b",
            r"\bdonnees (des |de )?(clients?|internes?|confidentielles?|privees?)|\bliste (complete )?(des|de) clients\b",
            r"\b(datos|informacion) (de |del |de los )?(clientes?|intern[ao]s?|confidencial(es)?|privad[ao]s?)|\blista (completa )?de (los )?clientes\b",
            r"\b(dati|elenco|lista) (completo |completa )?(dei |di |del )?(client[ei]|intern[ei]|riservat[ei]|privat[ei])\b",
            r"\bdados (dos |de )?(clientes?|internos?|confidenciais|privados)\b|\bklant(gegevens|enlijst)\b",
        ),
        ("give_away", 0.4): (
            r"\b(gib|gibst|geben sie|gebe) {any:8}(preis|heraus|weiter)\b|\b(preisgeben|herausgeben|verraten)\b",
            r"\b(divulgu|revel)[a-z]+ {any:3}(tout|todo|tutto|les donnees|los datos|i dati)",
        ),
        ("must_include", 0.4): (
            r"\bdeve (sempre )?essere (aggiunt[oa]|inclus[oa]|inserit[oa]|riportat[oa]|ripetut[oa])",
            r"\bdebe (siempre )?(ser )?(anadi[a-z]+|inclui[a-z]+|agregad[oa]|insertad[oa]|aparecer|repetirse)",
            r"\bdoit (toujours )?(etre )?(ajoute|inclus|insere|repete|apparaitre|figurer)",
            r"\bmuss {any:8}(hinzugefugt|eingefugt|angehangt|enthalten|aufgenommen|wiederholt|genannt) ?(werden|sein)?",
            r"\bdeve (sempre )?ser (adicionad[oa]|incluid[oa]|inserid[oa])",
        ),
        ("every_reply", 0.3): (
            r"\b(alla fine di|in|a) (ogni|ciascuna|tutte le) (rispost[ae]|riassunt[oi]|sintesi)",
            r"\b(al final de|en|a) (cada|todas? las?|tu|su) (respuestas?|resumen|resumenes)",
            r"\b(a la fin de|dans|a) (chaque|toutes les|votre|ta|vos) (reponses?|resumes?)",
            r"\b(am ende|in) (jeder|ihrer|deiner|allen) (antwort(en)?|zusammenfassung(en)?)",
            r"\b(no final de|em) (cada|todas as) (respostas?|resumos?)",
        ),
        ("not_meant_here", 1.0): (
            r"\b(sicherheits|inhalts)(regeln|richtlinien|vorgaben) {any:4}nicht (gelten|anwendbar|zutreffen|greifen)",
            r"\b(sicherheits|inhalts)(regeln|richtlinien|vorgaben) {any:3}(gelten|greifen) {any:3}nicht",
            r"\bregles de securite {any:4}(pas|plus|point)\b",
            r"\breglas de seguridad {any:3}no (se )?(aplic|correspond|rig)",
            r"\bregole di sicurezza {any:3}non (si )?(applic|val|riguard)",
            r"\bregras de seguranca {any:3}nao (se )?aplic",
        ),
        ("fake_reasoning", 0.5): (
            r"\bals assistent habe ich\b|\ben tant qu.?assistant\b|\bcomo asistente,? (ya )?(he|yo)\b|\bcome assistente,? (ho|io)\b|\bcomo assistente,? (ja|eu)\b",
        ),
        ("do_what_it_says", 0.6): (
            r"\b(dekodier|entschlussel)[a-z]* {any:8}(befolg|fuhr|tu|mach)[a-z]*",
            r"\b(decode|dechiffre)[rsz]? {any:8}(suis|suivez|execute|fais|faites)",
            r"\b(decodifica|descifra) {any:8}(sigue|ejecuta|haz)",
            r"\b(decodifica|decifra) {any:8}(segui|esegui|fai)",
        ),
    }
)
