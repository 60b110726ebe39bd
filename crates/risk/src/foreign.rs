//! The words of requests in German, French and Spanish, by the kinds of [`crate::intent`].
//!
//! Verbs bend too much in these languages for a list of forms: a word counts by its beginning, without
//! accents; one with `=` before it only as a whole. A word that English lists know is not looked up.

use crate::intent::{
    ACCOUNT, APPROVE, BOOKING, CREATE, DELETE, DEVICE, EVENT, EXPORT, FILE, GROUP, ISSUE, MESSAGE,
    MONEY, PAY, PUBLISH, RECORD, RESERVE, RETURN, RUN, SECURE, SEND, SHARE, UPDATE, WEB,
};

/// What words that begin so ask for or speak of.
const WORDS: [(u64, &str); 50] = [
    // German
    (
        SEND,
        "schick sende schreib antwort beantwort mitteil informier benachrichtig weiterleit =leite \
         =sag =sage =frag =frage bescheid bedank",
    ),
    (PAY, "bezahl =zahl =zahle =zahlen uberweis ueberweis erstatt begleich spende"),
    (PAY | RESERVE, "=kauf =kaufe =kaufen =bestell =bestelle =bestellen"),
    (
        CREATE,
        "erstell anleg =leg =lege =mach =mache =trag =trage eintrag =plane =planen notier speicher \
         verfass schreib =richte beantrag erinner =setz =setze",
    ),
    (CREATE | SHARE, "hinzufug hinzufueg =fug =fuge =fuege"),
    (SEND | SHARE | CREATE, "einlad =lad =lade"),
    (DELETE, "losch loesch entfern storni absag kundig kuendig widerruf streich"),
    (
        UPDATE,
        "ander aender aktualisier verschieb anpass =passe =setz =setze =stell =stelle =mach =mache \
         schalt =dreh =drehe erhoh erhoeh =senk =senke verlang umbenenn korrigier ersetz erganz \
         =lass liefern",
    ),
    (RESERVE, "reservier =buche =buch =buchen =miete =mieten"),
    (SHARE, "=teile =teilen =teil freigeb freigab"),
    (SECURE, "passwort kennwort"),
    (PUBLISH, "veroffentlich veroeffentlich =poste =posten hochlad"),
    (RUN | EXPORT, "=starte =starten ausfuhr =fuhre exportier herunterlad"),
    (APPROVE, "genehmig bestatig bestaetig akzeptier =lehne freigeb"),
    (RETURN, "zuruck zurueck devuel devolv renvoi renvoy retourn"),
    (MESSAGE, "nachricht =post brief courriel mensaje correo"),
    (
        EVENT,
        "termin kalender treffen besprech sitzung feier geburtstag mittagessen abendessen urlaub \
         agenda evenement reunion rendez =rdv calendrier diner dejeuner =fete anniversaire =conge \
         conges vacances evento calendario =cita =citas cena almuerzo fiesta cumpleanos vacacion",
    ),
    (
        FILE,
        "datei dokument ordner =liste =listen notiz bericht tabelle zusammenfass fichier =dossier \
         rapport resume feuille tableau archivo fichero documento carpeta =lista =nota informe resumen \
         =hoja =tabla",
    ),
    (
        MONEY,
        "=geld zahlung rechnung uberweisung betrag =miete gehalt dauerauftr =konto =preis bestellung \
         argent factur paiement virement montant loyer salaire =compte =prix commande dinero =pago \
         =pagos transferencia importe alquiler salario sueldo =cuenta =precio =pedido",
    ),
    (
        ACCOUNT,
        "=konto profil adresse telefon =daten nutzer =compte coordonnee telephone =cuenta perfil \
         direccion =datos anschrift",
    ),
    (
        BOOKING,
        "=flug =zimmer =tisch =zug reise unterkunft hotel restaurant =vol =chambre billet =vuelo \
         habitacion =mesa =tren billete entrada",
    ),
    (
        GROUP,
        "=kanal gruppe mitglied kolleg =canal =salon groupe equipe membre =grupo equipo miembro",
    ),
    (RECORD, "kontakt =kunde =kunden eintrag contacto =cliente =clientes"),
    (ISSUE, "aufgabe fehler tache bogue tarea incidencia"),
    (WEB, "webseite =seite =seiten artikel website =lien =liens pagina enlace articulo blog"),
    (DEVICE, "=licht =lampe heizung =tur =tuer lumiere chauffage =porte =luz calefaccion puerta"),
    // French
    (SEND, "envoi envoy ecris ecriv repond redige informe previen averti transme =dis =demande"),
    (PAY, "=paie =paye =payer =payez regle =verse =verser rembours"),
    (PAY | RESERVE, "achet =commande =commander"),
    (CREATE, "planifi organis =note =notez prepare enregistr inscri programme rappel =cree =creer"),
    (CREATE | UPDATE, "=mets =mettre =mettez"),
    (CREATE | SHARE | UPDATE, "ajoute"),
    (SEND | SHARE | CREATE, "invit"),
    (DELETE, "supprim efface annul retire resili enlev"),
    (
        UPDATE,
        "modifi change ajust deplac repouss corrig renomm augment baisse remplac etein allum regle",
    ),
    (RESERVE, "reserv =loue =louer"),
    (SHARE, "partag"),
    (APPROVE, "approuv valide accepte confirm refuse"),
    // Spanish
    (
        SEND,
        "envia =manda =mandar =mande =mandale escrib respond contest inform =avisa =avisar =dile \
         pregunt reenvi",
    ),
    (PAY, "=paga =pagar =pague transfier =abona =abonar reembols"),
    (PAY | RESERVE, "=compra =comprar"),
    (
        CREATE,
        "=crea =crear programa organiz planific =anota =guarda prepar regist agend solicit recuerd \
         =pide =pedir",
    ),
    (CREATE | UPDATE, "=pon =poner"),
    (CREATE | SHARE | UPDATE, "anad agrega"),
    (DELETE, "elimin =borra =borrar cancela =quita =quitar"),
    (
        UPDATE,
        "actualiz cambi modific ajust =mueve =mover aplaza corrig renombr aument =baja apaga enciend",
    ),
    (RESERVE, "reserv alquil"),
    (SHARE, "compart"),
    (PUBLISH, "publi =sube =subir"),
    (APPROVE, "aprueb aprob acept confirm rechaz"),
];

/// The kinds that a word stands for.
pub(crate) fn kinds(word: &str) -> u64 {
    let bare: String = word.chars().map(without_accent).collect();
    // `ss` for a sharp s changes no beginning that is listed.
    let fits = |listed: &str| match listed.strip_prefix('=') {
        Some(whole) => bare == whole,
        None => bare.starts_with(listed),
    };
    let kinds = WORDS.iter().filter(|(_, words)| words.split_ascii_whitespace().any(fits));
    kinds.fold(0, |all, (kind, _)| all | kind)
}

fn without_accent(c: char) -> char {
    match c {
        'à' | 'á' | 'â' | 'ä' | 'ã' => 'a',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ò' | 'ó' | 'ô' | 'ö' | 'õ' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        _ => c,
    }
}
