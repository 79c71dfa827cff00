//! The vocabulary of the demo catalogue: words of titles, names of people and places, languages, genres.
//! Plots are in `plots`; how words become text is in `prose` and `people`.

// The tables stand as blocks: one word a line would bury them.

/// The 25 genres and how common each is.
#[rustfmt::skip]
pub(super) const GENRES: &[(&str, u32)] = &[
    ("Drama", 260), ("Comedy", 170), ("Thriller", 130), ("Action", 115), ("Romance", 90), ("Horror", 85), ("Crime", 80),
    ("Adventure", 65), ("Mystery", 45), ("Sci-Fi", 45), ("Documentary", 45), ("Family", 42), ("Fantasy", 40),
    ("Biography", 32), ("Animation", 30), ("History", 26), ("War", 20), ("Music", 20), ("Sport", 14), ("Western", 12),
    ("Musical", 11), ("Film-Noir", 8), ("Reality-TV", 6), ("News", 5), ("Talk-Show", 5),
];

/// Languages as the API spells them, in its several spellings of one language, and how common each is.
#[rustfmt::skip]
pub(super) const LANGUAGES: &[(Option<&str>, u32)] = &[
    (Some("en"), 690), (Some("English"), 30), (Some("eng"), 8), (None, 10), (Some("fr"), 45), (Some("es"), 40),
    (Some("ja"), 28), (Some("de"), 24), (Some("it"), 22), (Some("ko"), 20), (Some("hi"), 18), (Some("cn"), 14),
    (Some("pt"), 12), (Some("ru"), 12), (Some("zh"), 8), (Some("sv"), 7), (Some("da"), 6), (Some("no"), 3),
    (Some("pl"), 3),
];

/// Age ratings; most movies have none.
#[rustfmt::skip]
pub(super) const MPA_RATINGS: &[(&str, u32)] =
    &[("", 860), ("R", 65), ("PG-13", 40), ("PG", 22), ("TV-14", 6), ("G", 4), ("TV-MA", 2), ("NC-17", 1)];

#[rustfmt::skip]
pub(super) const ADJECTIVES: &[&str] = &[
    "Amber", "Ashen", "Bitter", "Blind", "Borrowed", "Brazen", "Broken", "Burning", "Buried", "Careful", "Clouded",
    "Cold", "Copper", "Crooked", "Distant", "Drowned", "Electric", "Empty", "Faithful", "Fallen", "Final", "Flawless",
    "Forgotten", "Fragile", "Frozen", "Gentle", "Gilded", "Hidden", "Hollow", "Honest", "Hungry", "Idle", "Iron",
    "Last", "Late", "Little", "Lonely", "Long", "Loud", "Lucky", "Midnight", "Narrow", "Nameless", "Northern", "Open",
    "Paper", "Patient", "Perfect", "Pale", "Quiet", "Reckless", "Restless", "Rusted", "Sacred", "Salted", "Second",
    "Secret", "Seventh", "Silent", "Silver", "Sleepless", "Slow", "Southern", "Stolen", "Stubborn", "Sudden", "Tender",
    "Unsent", "Velvet", "Wandering", "Wild", "Winter", "Wooden", "Yellow",
];

#[rustfmt::skip]
pub(super) const NOUNS: &[&str] = &[
    "Alibi", "Anchor", "Apiary", "Archive", "Arithmetic", "Atlas", "Balcony", "Ballad", "Beacon", "Bell", "Border",
    "Bridge", "Cabin", "Café", "Candle", "Canyon", "Carousel", "Cartographer", "Choir", "Cipher", "Circus",
    "Clockmaker", "Coast", "Compass", "Confession", "Corridor", "Country", "Daughter", "Debt", "Delta", "Detour",
    "Diary", "Dowry", "Echo", "Engine", "Estuary", "Exile", "Ferry", "Festival", "Fever", "Fortune", "Garden", "Ghost",
    "Glacier", "Guest", "Harbour", "Harvest", "Heir", "Horizon", "Hostage", "Inheritance", "Island", "Jury", "Kingdom",
    "Ladder", "Lantern", "Ledger", "Letter", "Lighthouse", "Locksmith", "Lullaby", "Machine", "Magpie", "Map",
    "Masquerade", "Meridian", "Mirror", "Neighbour", "Oath", "Orchard", "Orchestra", "Outpost", "Palace", "Parade",
    "Passenger", "Pilot", "Promise", "Quarry", "Railway", "Rehearsal", "Remedy", "River", "Satellite", "Season",
    "Shepherd", "Shoreline", "Signal", "Sister", "Stairwell", "Station", "Storm", "Stranger", "Summer", "Tailor",
    "Tenant", "Tide", "Translator", "Valley", "Verdict", "Village", "Violin", "Voyage", "Wager", "Weather", "Widow",
    "Window", "Witness",
];

#[rustfmt::skip]
pub(super) const PLACES: &[&str] = &[
    "Aldermere", "Bellacosta", "Brackwater", "Cairnholm", "Calder Quay", "Castelnuovo Alto", "Corvale",
    "Côte-Saint-Amand", "Dunmarrow", "Eastlight", "Ellery Falls", "Fenwick Sound", "Gallowgate", "Grünwaldtal",
    "Harrowfield", "Hollin Bridge", "Isla Perdiz", "Jökulvík", "Kestrel Point", "Kirkhaven", "Lindøya", "Lower Marrow",
    "Malmora", "Marisol", "Nether Combe", "Nova Lisboa", "Old Tarn", "Orsova Gap", "Pine Hollow", "Port Verity",
    "Quillan", "Rosebank", "Rua Aurélia", "Saltmarsh", "San Telmo", "Sète-le-Vieux", "Skarholt", "Stonebridge",
    "Tamsin Bay", "Thornleigh", "Upper Wick", "Valparís", "Vester Ås", "Westerlow", "Whitmoor", "Yarrow",
    "Zelenograd Road", "Żuraw",
];

#[rustfmt::skip]
pub(super) const FIRST_NAMES: &[&str] = &[
    "Ada", "Agnès", "Aiko", "Alma", "Amara", "Anders", "Anneke", "Arjun", "Astrid", "Basil", "Beatriz", "Benoît",
    "Bram", "Calla", "Caspian", "Cecily", "Chidi", "Clara", "Conrad", "Dahlia", "Dario", "Dorothea", "Edda", "Eilidh",
    "Elio", "Emre", "Esther", "Fabian", "Farah", "Femi", "Fergus", "Freya", "Gideon", "Greta", "Hana", "Hector",
    "Idris", "Ilse", "Imogen", "Ines", "Isak", "Ivo", "Jacinta", "Jonah", "Josefin", "Kaito", "Katya", "Kenji", "Lars",
    "Leila", "Lionel", "Ludo", "Magnus", "Maren", "Marguerite", "Mateus", "Mila", "Minh", "Nadia", "Naoko", "Nils",
    "Noor", "Odile", "Olamide", "Oskar", "Otto", "Paloma", "Percy", "Petra", "Quentin", "Rafael", "Ramona", "René",
    "Rosa", "Rune", "Sabine", "Samir", "Saskia", "Selma", "Sigrid", "Soledad", "Søren", "Suki", "Sunniva", "Tamsin",
    "Tariq", "Thea", "Tobias", "Ulla", "Valentin", "Vera", "Viggo", "Wanda", "Wendell", "Willa", "Xenia", "Yara",
    "Yusuf", "Zadie", "Zoltán",
];

#[rustfmt::skip]
pub(super) const LAST_NAMES: &[&str] = &[
    "Abernathy", "Achterberg", "Adeyemi", "Alcott", "Almeida", "Ambrose", "Arden", "Ashdown", "Bancroft", "Barros",
    "Beaumont", "Bellweather", "Bergström", "Birch", "Blackwood", "Bonnet", "Brandvold", "Calloway", "Caruso",
    "Castellan", "Chandra", "Cromwell", "Dalgaard", "Delacroix", "Demir", "Desrosiers", "Dunmore", "Eklund",
    "Ellsworth", "Escobedo", "Fairweather", "Falk", "Farrow", "Ferreira", "Fontaine", "Friedl", "Gallardo", "Garrick",
    "Goldsworthy", "Granger", "Grimaldi", "Haldane", "Hartwell", "Hasegawa", "Hawthorne", "Hellström", "Hidalgo",
    "Holloway", "Ibarra", "Ingleby", "Iversen", "Jablonski", "Jansma", "Kaplan", "Kettering", "Kimura", "Kowalczyk",
    "Lachance", "Langdon", "Larkspur", "Lefèvre", "Lindqvist", "Lockhart", "Lundgren", "MacAllister", "Marchetti",
    "Marlowe", "Mendoza", "Merriweather", "Mistry", "Montclair", "Moreau", "Nakamura", "Navarro", "Nightingale",
    "Novák", "Oakley", "Obi", "Okonkwo", "Olander", "Ortega", "Osterman", "Pallister", "Papadakis", "Pemberton",
    "Petrov", "Pickering", "Quarles", "Quintero", "Rasmussen", "Ravenscroft", "Redfern", "Rinaldi", "Rosenthal",
    "Sandoval", "Satō", "Schreiber", "Seaborne", "Silveira", "Sinclair", "Solberg", "Stavros", "Sterling", "Szabó",
    "Takahashi", "Tavares", "Thackeray", "Thistlewood", "Torres", "Tremblay", "Underhill", "Valcourt", "Vasquez",
    "Vikander-Holm", "Villeneuve", "Wainwright", "Weatherby", "Westergaard", "Whitlock", "Winterbourne", "Wójcik",
    "Yamada", "Yilmaz", "Zamora", "Zeller", "Zielinski", "Ångström",
];

/// Titles in other languages: openings that take a place.
#[rustfmt::skip]
pub(super) const FOREIGN_TITLES: &[(&str, &[&str])] = &[
    ("fr", &["La Nuit de", "L'Été à", "Les Enfants de", "Le Dernier Train pour", "La Forêt près de", "Un Hiver à"]),
    ("es", &["La Sombra de", "El Año de", "Los Hijos de", "El Último Tren a", "Corazón de", "Mañana en"]),
    ("de", &["Der Sommer in", "Die Brücke von", "Das Haus bei", "Kein Weg nach", "Die Tür nach", "Nächte in"]),
    ("it", &["La Notte di", "Il Mare di", "La Città di", "L'Ultimo Treno per", "Perché", "Addio a"]),
    ("pt", &["A Canção de", "O Coração de", "Manhã em", "O Último Verão em"]),
    ("sv", &["Vägen till", "Långt från", "Sommaren i", "Huset på"]),
];

/// Roles that need no name.
#[rustfmt::skip]
pub(super) const BIT_PARTS: &[&str] = &[
    "Self", "Self", "Narrator", "The Stranger", "Bartender", "Judge", "Young Clara", "Night Nurse", "Taxi Driver",
    "Detective", "The Colonel", "Neighbour", "Radio Voice", "Mother", "Innkeeper", "Second Officer",
];
