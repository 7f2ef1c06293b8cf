"""Words to set tables with, by language."""

from __future__ import annotations

__all__ = ["LABELS", "SENTENCES"]

# fmt: off
#: Names of rows and columns.
LABELS: dict[str, list[str]] = {
    "en": [
        "Region", "Output", "Cost of labour", "North", "South", "Yield", "Total", "Method", "Age",
        "Share", "Net income", "Baseline", "Control", "Moisture", "Sodium", "Vitamin C", "Rent",
        "Other assets", "Speed", "Weight", "Length", "Dry season", "Teachers", "Pupils",
    ],
    "de": [
        "Gebiet", "Ertrag", "Lohnkosten", "Norden", "Süden", "Summe", "Verfahren", "Alter", "Anteil",
        "Überschuss", "Feuchtigkeit", "Miete", "Gewicht", "Länge", "Trockenzeit", "Lehrkräfte", "Schüler",
        "Geschwindigkeit", "Vermögen", "Steuer", "Wasser", "Zucker",
    ],
    "fr": [
        "Région", "Rendement", "Coût", "Nord", "Sud", "Total", "Méthode", "Âge", "Part", "Bénéfice",
        "Humidité", "Loyer", "Poids", "Longueur", "Saison sèche", "Élèves", "Vitesse", "Impôt", "Eau",
        "Sucre", "Valeur nette", "Autres actifs",
    ],
    "es": [
        "Región", "Rendimiento", "Costo", "Norte", "Sur", "Total", "Método", "Edad", "Parte", "Beneficio",
        "Humedad", "Alquiler", "Peso", "Longitud", "Alumnos", "Velocidad", "Impuesto", "Agua", "Azúcar",
        "Valor neto", "Otros activos", "Maestros",
    ],
}
# fmt: on

#: Running text to take pieces from.
SENTENCES: dict[str, list[str]] = {
    "en": [
        "the pupils measure how far the water rises in each of the vessels during the first week",
        "a short account of the methods that were used when the samples came back from the field",
        "how often members of the council met, and whether the minutes of a meeting were published",
        "several observers agreed on the direction of the change although its size remained uncertain",
        "readings below the limit of detection were replaced by half of that limit before averaging",
    ],
    "de": [
        "die Schülerinnen messen, wie weit das Wasser in jedem der Gefäße während der ersten Woche steigt",
        "ein kurzer Bericht über die Verfahren, nach denen die Proben aus dem Gelände untersucht wurden",
        "wie oft die Mitglieder des Rates zusammenkamen und ob ihre Niederschriften veröffentlicht wurden",
        "mehrere Beobachter stimmten über die Richtung der Veränderung überein, nicht über ihre Größe",
        "Messwerte unterhalb der Nachweisgrenze wurden vor der Mittelung durch deren Hälfte ersetzt",
    ],
    "fr": [
        "les élèves mesurent de combien l'eau monte dans chacun des récipients pendant la première semaine",
        "un bref compte rendu des méthodes employées quand les échantillons sont revenus du terrain",
        "combien de fois les membres du conseil se sont réunis, et si les comptes rendus ont été publiés",
        "plusieurs observateurs s'accordaient sur le sens du changement sans en connaître l'ampleur",
        "les valeurs inférieures au seuil de détection ont été remplacées par la moitié de ce seuil",
    ],
    "es": [
        "los alumnos miden cuánto sube el agua en cada uno de los recipientes durante la primera semana",
        "un breve relato de los métodos que se usaron cuando las muestras volvieron del campo",
        "cuántas veces se reunieron los miembros del consejo y si las actas fueron publicadas",
        "varios observadores coincidían en la dirección del cambio aunque no conocían su tamaño",
        "las lecturas por debajo del límite de detección se sustituyeron por la mitad de ese límite",
    ],
}
