//! What happens in the demo's movies: what each genre is about, who does it, and sentences to be filled in.
//! `{hero}`, `{friend}`, `{job}`, `{place}` and `{theme}` stand for what a movie has drawn; `prose` fills them in.

/// What a movie of a genre is about: read after "is drawn into". The genre shows, so that a search by meaning has
/// something to find.
pub(super) const THEMES: &[(&str, &[&str])] = &[
    (
        "Drama",
        &[
            "a family quarrel that three generations have kept alive",
            "the slow undoing of a marriage everyone admires",
            "a year of caring for a father who no longer knows her name",
        ],
    ),
    (
        "Comedy",
        &[
            "a wedding at which every guest has brought the wrong present",
            "a plan to sell a hotel that belongs to somebody else",
            "a feud between two bakeries over one recipe",
        ],
    ),
    (
        "Thriller",
        &[
            "a night of phone calls from a number that was cut off years ago",
            "a chase across the border with evidence nobody wants found",
            "a blackmail scheme that names the wrong victim",
        ],
    ),
    (
        "Action",
        &[
            "a hijacking three hundred metres above the harbour",
            "a rescue behind enemy lines with one truck and no map",
            "a running battle with mercenaries for a stolen prototype",
        ],
    ),
    (
        "Romance",
        &[
            "a love affair carried on entirely by misdelivered letters",
            "a summer romance with the one person she had sworn to avoid",
            "a second chance with a first love, ten years too late",
        ],
    ),
    (
        "Horror",
        &[
            "a haunting that begins with the sound of breathing in the walls",
            "the return of something the village drowned a century ago",
            "a curse that passes on with every photograph taken",
        ],
    ),
    (
        "Crime",
        &[
            "a bank robbery planned to the minute and ruined in a second",
            "a murder case the police would rather leave closed",
            "a smuggling ring run from the back of a laundry",
        ],
    ),
    (
        "Adventure",
        &[
            "an expedition for a ship that the ice gave back",
            "a race up an unmapped river for a lost city",
            "a journey on foot across a desert that moves",
        ],
    ),
    (
        "Mystery",
        &[
            "the disappearance of a whole dinner party between two courses",
            "a coded diary whose author is still writing it",
            "a locked room with one body too few",
        ],
    ),
    (
        "Sci-Fi",
        &[
            "a signal from a space station abandoned before it was built",
            "an experiment that lets two people share one memory",
            "a colony ship's long argument about turning back",
        ],
    ),
    (
        "Documentary",
        &[
            "a record of the last lighthouse keepers and the automation that replaces them",
            "an inquiry into a flood that was predicted and ignored",
            "ten years in the life of a mountain clinic",
        ],
    ),
    (
        "Family",
        &[
            "a holiday with a runaway donkey and two determined children",
            "a school play that must not fail",
            "a lost dog's way home across four towns",
        ],
    ),
    (
        "Fantasy",
        &[
            "a bargain with the river spirit who owns the only bridge",
            "a war between two kingdoms over a sleeping dragon",
            "an apprenticeship with a witch who cannot lie",
        ],
    ),
    (
        "Biography",
        &[
            "the rise of a self-taught astronomer whom nobody would print",
            "the years a celebrated painter spent in hiding",
            "the true life of the first woman to fly the mail over the strait",
        ],
    ),
    (
        "Animation",
        &[
            "the travels of a clockwork fox with a missing spring",
            "a rebellion of toys in a museum after dark",
            "a small cloud's attempt to become a storm",
        ],
    ),
    (
        "History",
        &[
            "the last winter of a besieged free city",
            "the treaty that ended a war nobody remembered starting",
            "the trial of a printer under the old king",
        ],
    ),
    (
        "War",
        &[
            "a truce between two trenches that lasts one night too long",
            "the retreat of a field hospital through the snow",
            "the defence of a bridge by men who were told to leave it",
        ],
    ),
    (
        "Music",
        &[
            "the last tour of a band that no longer speaks",
            "a contest for the one place in a famous orchestra",
            "the search for a singer heard on a single record",
        ],
    ),
    (
        "Sport",
        &[
            "a losing club's only season in the first division",
            "a comeback in the ring against doctor's orders",
            "a cycling race over a pass that closes at dusk",
        ],
    ),
    (
        "Western",
        &[
            "a cattle drive through land promised to somebody else",
            "a showdown over the only well in the county",
            "the hunt for a gang that robs nothing but trains",
        ],
    ),
    (
        "Musical",
        &[
            "a theatre company that must sing its way out of debt",
            "a street dancer's audition for the opera",
            "a small town where the truth comes out only in song",
        ],
    ),
    (
        "Film-Noir",
        &[
            "an insurance claim on a man who keeps being seen alive",
            "a favour for a nightclub singer with two names",
            "a stolen necklace and the three men who each sold it",
        ],
    ),
    (
        "Reality-TV",
        &[
            "a baking contest filmed on a moving train",
            "a month without clocks, watched by cameras",
            "a house swap between two rival villages",
        ],
    ),
    (
        "News",
        &[
            "a newsroom's longest night after an election",
            "a report on a strike told from both sides of the gate",
            "the week in which one rumour emptied a bank",
        ],
    ),
    (
        "Talk-Show",
        &[
            "an evening of conversations with people who changed their minds",
            "a farewell broadcast with no script",
            "a round table of retired spies",
        ],
    ),
];

/// Who it happens to.
pub(super) const JOBS: &[&str] = &[
    "a retired bell founder",
    "an apprentice surveyor",
    "a night porter",
    "an out-of-work actor",
    "a country doctor",
    "a disgraced detective",
    "a piano tuner",
    "an ambitious young lawyer",
    "a ferry captain",
    "a schoolteacher",
    "a beekeeper",
    "an archivist",
    "a former boxer",
    "a seamstress",
    "a crop-duster pilot",
    "a radio engineer",
    "a widowed baker",
    "a runaway heiress",
    "a customs officer",
    "a war photographer",
    "a stubborn widow",
    "a train driver",
    "an interpreter",
    "a locksmith",
    "a botanist",
    "a chess prodigy",
    "a stage magician",
    "a rookie paramedic",
];

/// Opening sentences.
pub(super) const OPENINGS: &[&str] = &[
    "{hero}, {job} from {place}, is drawn into {theme}.",
    "In {place}, {job} named {hero} stumbles upon {theme}.",
    "When {hero} comes home to {place}, nothing prepares this traveller for {theme}.",
    "For {hero}, {job}, an ordinary week in {place} turns into {theme}.",
    "It begins in {place} with {theme}, and it ends with {hero}, {job}, on the wrong side of the law.",
    "Nobody in {place} believes {hero}, {job}, who has seen it all start: {theme}.",
];

/// Sentences for the middle, in no order.
pub(super) const MIDDLES: &[&str] = &[
    "Only {friend} knows how it began, and {friend} is not talking.",
    "With the help of {friend}, an old rival, the pieces slowly come together.",
    "But the town council has plans of its own, and they do not include witnesses.",
    "Every answer costs a friendship, and the winter is coming early to {place}.",
    "As the days grow shorter, {hero} learns that \"safe\" is only a word on a door.",
    "An offer from {friend} promises a way out; it asks for everything in return.",
    "Meanwhile a letter, posted twenty years ago, finally reaches {place}.",
    "What looks like luck turns out to be patience, and somebody has been very patient indeed.",
    "The money is gone by Tuesday – and so is {friend}.",
    "Together they cross the mountains, pursued by creditors, rumours and a very bad conscience.",
    "Old loyalties are tested when {friend} is accused of something {hero} did.",
    "A chance meeting at the railway café changes what both of them thought they wanted.",
    "There are rules in {place}; the first is never to ask who made them.",
    "Between one storm and the next there is just time for a confession.",
    "The press arrives, the neighbours talk, and the truth becomes a matter of taste.",
    "By the time the harbour freezes, {hero} has lost the job, the house & the argument.",
    "Little by little {friend} starts to suspect that the two of them have met before.",
    "Somewhere in the archive lies a page that proves it, if it has not been burnt.",
];

/// Closing sentences.
pub(super) const CLOSINGS: &[&str] = &[
    "Nothing in {place} will be the same again.",
    "In the end only one of them can keep the promise.",
    "What {hero} finds is not what anyone was looking for.",
    "The choice is simple; living with it is not.",
    "A quiet film about the price of being right.",
    "And the last train leaves at midnight…",
    "Some doors, once opened, ask to be walked through.",
    "It may already be too late for {friend}.",
];
