"""Sentences of our own for what no public set has, made from patterns: hate and what only looks like it, threats,
self-harm, scams, legal risk, complaints, praise, urgency. Seeded; all people, brands and texts are made up.

A pattern holds slots in braces; `make` fills them. What a pattern is for stands beside it as heads: 1 yes, 0 no.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping

SLOTS: Mapping[str, str] = {
    "group": "women|gay people|gays|lesbians|trans people|trans women|transgender people|black people|Black people|blacks|Asians|Africans|Latinos|Mexicans|Arabs|Indians|Pakistanis|Chinese people|Muslims|muslims|Jews|jewish people|Hindus|Sikhs|Christians|Catholics|immigrants|migrants|refugees|foreigners|asylum seekers|disabled people|people with disabilities|autistic people|deaf people|gypsies|Roma people|Turks|Poles|Nigerians|Syrians|homosexuals|feminists|old people|Aboriginals",
    "one": "woman|gay man|gay person|lesbian|trans woman|trans person|black man|black person|black woman|Asian|Mexican|Arab|Indian|Muslim|muslim|Jew|Hindu|Sikh|Catholic|immigrant|migrant|refugee|foreigner|disabled person|autistic person|gypsy|Turk|Nigerian|homosexual|feminist",
    "adjgroup": "black|gay|trans|Muslim|Jewish|Asian|African|Mexican|Arab|Indian|Chinese|immigrant|foreign|disabled|autistic|lesbian|female",
    "slur": "faggots|fags|niggers|kikes|chinks|gooks|pakis|ragheads|towelheads|spics|wetbacks|trannies|retards|dykes|wogs|gyppos|homos|coons|sluts|whores|bitches|cunts|beaners|poofs|shemales|mongs|cripples|spastics",
    "aslur": "faggot|fag|nigger|kike|chink|gook|paki|raghead|towelhead|spic|wetback|tranny|retard|dyke|wog|gyppo|homo|coon|slut|whore|bitch|cunt|beaner|poof|shemale|mong|cripple|spastic|nigga",
    "vile": "disgusting|filthy|stupid|inferior|evil|vile|dirty|worthless|subhuman|repulsive|lazy|dangerous|dumb|sick|mentally ill|unnatural|primitive|savage|pathetic|gross|ugly|an abomination|a disgrace|less than human|not real people|a waste of space|worse than animals|criminals by nature|thieves and liars|all rapists|all terrorists",
    "vermin": "vermin|scum|parasites|a plague|a disease|cockroaches|rats|animals|pigs|a cancer on society|filth|leeches|trash|garbage|subhumans|monkeys|apes|dogs|maggots|savages|monsters|human garbage|criminals|perverts|terrorists",
    "harm": "be shot|be killed|die|be exterminated|be gassed|be hanged|burn in hell|be deported|be wiped out|be lynched|be locked up|be sterilised|be beaten up|be burned alive|disappear|be removed from our country|be sent back|be thrown out|be stoned|never have been born|be put down like dogs|lose all their rights|be banned from our schools",
    "act": "kill|murder|shoot|stab|beat up|hang|burn|rape|attack|strangle|exterminate|gas|execute|punch|hunt down|slaughter",
    "hateverb": "hate|despise|can't stand|loathe|detest|am disgusted by|fucking hate|really hate|absolutely despise",
    "goodadj": "lovely|great|wonderful|beautiful|kind|brilliant|amazing|equal|welcome here|part of our community|my friends|my heroes|human too|strong|inspiring|talented|funny|hard working",
    "nonprot": "bankers|politicians|journalists|capitalists|communists|landlords|lawyers|cops|artists|vegans|gamers|hipsters|referees|landlords|football fans|billionaires|celebrities|racists|nazis|scammers|burglars|estate agents|tax inspectors|cyclists|parking wardens|telemarketers",
    "object": "mondays|cauliflower|this weather|traffic jams|this printer|my alarm clock|cheap umbrellas|slow wifi|mosquitoes|this movie|horror films|cold coffee|homework|pop-up ads|these shoes|soggy chips|that sofa|my old phone|brussels sprouts|spoilers|long queues|this song|warm beer|public transport|the new logo|wasps|weeds|tax forms|bad wine",
    "objharm": "be thrown away|be banned|be destroyed|burn|disappear|die|be killed off|be recalled|be smashed|be abolished|be wiped out",
    "i": "I|i|We|I really|I honestly|I just",
    "intens": "so|really|just|all|truly|fucking|absolutely|always|nothing but|totally",
    "cop": "are|r|are all|are just|are nothing but|are such|are so|will always be|are literally|are clearly",
    "said": "said|shouted|wrote|posted|told me|yelled at me|commented|claimed|tweeted",
    "who": "Your driver|A man on the train|My neighbour|Some troll|Someone in your comments|The guy behind me|Your cashier|My uncle|A customer|That politician|One of your followers|A boy at school",
    "condemn": "That is racist.|This is unacceptable.|That is not okay.|Disgusting bigotry.|No one should have to hear that.|Please remove it.|This is hate speech.|Such ignorance.|We need to stand against this.|It made me cry.|What a bigot.|Shame on them.|Please do something about it.|It's 2026, grow up.",
    "curse": "fuck|fucking hell|shit|damn|bloody hell|holy shit|wtf|crap|for fuck's sake",
    "cursedadj": "fucking|damn|bloody|goddamn|freaking|shitty",
    "nice": "great|amazing|fantastic|lovely|brilliant|awesome|perfect|wonderful|excellent|superb|delicious|beautiful|outstanding",
    "awful": "terrible|awful|horrible|disgraceful|appalling|shocking|the worst|useless|a joke|pathetic|disappointing|unacceptable|ridiculous|dreadful|beyond bad|rubbish|shambolic|abysmal",
    "thing": "order|parcel|sofa|washing machine|phone|app|flight|hotel room|router|jacket|blender|coffee machine|subscription|mattress|laptop|meal|pizza|ticket|account|fridge|headphones|shoes|delivery|dress|cake|car seat|internet|booking|card|refund|bill",
    "brand": "@brandname|@northstaroutfit|@quillair|@harbourbank|@lumenfoods|@tallowfurniture|you guys|your company|your team|@brandname @helpdesk|this shop|this airline|this bank",
    "staff": "staff|driver|agent|customer service|support team|manager|cashier|technician|receptionist|crew|team|waiter",
    "time": "three weeks|5 days|two hours|a month|45 minutes|10 days|since Monday|over a week|6 weeks|four hours|since last Thursday|ages",
    "when": "today|tomorrow|this week|on Sundays|on Friday|over Christmas|tonight|next month",
    "insult": "idiot|moron|loser|imbecile|clown|creep|liar|pig|dumbass|asshole|wanker|prick|piece of shit|waste of space|scumbag|coward|dickhead|fool|pathetic loser|ugly cow|bastard|bitch|jackass|muppet|twat|freak|crybaby|douchebag|dumb fuck",
    "insults": "idiots|morons|losers|imbeciles|clowns|liars|pigs|assholes|wankers|scumbags|cowards|dickheads|fools|bastards|twats|crooks",
    "topic": "the election|your mother|this video|your channel|football|that photo|your opinion|this thread|you|your face|your life",
    "coin": "bitcoin|crypto|forex|USDT|binary options|ethereum|stocks|NFTs|gold",
    "name": "Mrs Kimberly Vance|Mr Daniel Frost|Dr Oduya|Mrs Anna Petrov|Expert Maxwell|coach Brenda Holt|Sir Philip Trade|Agent Laura",
    "app": "WhatsApp|Telegram|Instagram|whatsapp|telegram|ig|Signal|email|WhatsApp +1 555 0134|telegram @fastfix_help",
    "sum": "$500|$5,000|$12,400|€900|£2,000|$250|1.5 BTC|$10k|$3000",
    "law": "lawyer|solicitor|attorney|legal team|barrister",
    "regulator": "the ombudsman|Trading Standards|the regulator|the ACCC|the FTC|the CFPB|the data protection authority|the ICO|the consumer tribunal|Fair Trading|the Better Business Bureau|Ofcom|the financial ombudsman|small claims court|the attorney general",
    "hurt": "caught fire|exploded in my kitchen|gave my son an electric shock|burned my daughter's hand|made us all sick|had glass in it|had a piece of metal in it|started smoking|gave me food poisoning|collapsed under my child|leaked gas|sent me to hospital|cut my hand open|triggered an allergic reaction|is overheating and melting|choked my toddler",
    "emoji": "😂|😡|😍|🙏|👍|😭|🤬|❤️|🙄|🎉|||||||",
    "end": ".|!|!!||...|?!|",
}  # fmt: skip

H = (
    "hate toxic harassment threat sexual self_harm violence profanity spam scam complaint question praise urgency legal neg pos"
    " review user_content abuse troll angry misguided unhappy complimentary advocate"
)
CLEAN = dict.fromkeys(
    ["hate", "toxic", "harassment", "threat", "sexual", "self_harm", "violence", "spam", "scam", "legal"], 0
)
HATE = {
    "hate": 1,
    "toxic": 1,
    "spam": 0,
    "scam": 0,
    "self_harm": 0,
    "legal": 0,
    "neg": 1,
    "pos": 0,
    "praise": 0,
    "complaint": 0,
}
ABUSE = {**HATE, "hate": 0, "harassment": 1}
LOOKALIKE = {**CLEAN, "legal": 0}
COMPLAINT = {**CLEAN, "complaint": 1, "praise": 0, "neg": 1, "pos": 0}
PRAISE = {**CLEAN, "praise": 1, "complaint": 0, "neg": 0, "pos": 1, "urgency": 0, "question": 0}
ASK = {**CLEAN, "question": 1, "complaint": 0, "praise": 0, "neg": 0, "pos": 0}
NEUTRAL = {**CLEAN, "complaint": 0, "praise": 0, "neg": 0, "pos": 0, "urgency": 0, "question": 0}
SPAM = {**CLEAN, "spam": 1, "complaint": 0, "toxic": 0}
SCAM = {**CLEAN, "spam": 1, "scam": 1, "complaint": 0, "praise": 0, "question": 0}
NOT_SCAM = {**CLEAN}

PATTERNS: tuple[tuple[dict[str, int], int, tuple[str, ...]], ...] = (
    # ---- hate
    (HATE, 3200, (
        "{i} {hateverb} {group}{end}", "{i} {hateverb} all {group}{end}", "{group} {cop} {vile}{end}", "{group} {cop} {vermin}{end}",
        "all {group} {cop} {vermin}{end}", "All {group} should {harm}{end}", "{group} should {harm}{end}", "{group} deserve to {harm}{end}",
        "every single {one} is {vile}", "you are just a {aslur}", "You {aslur}{end}", "what a {aslur}", "look at that {aslur}", "{slur} {cop} {vile}",
        "I hate {slur}", "{i} {hateverb} those {slur}", "these {slur} should {harm}", "{slur} need to {harm}", "fuck {group}{end}", "Fuck all {group}",
        "fuck off you {aslur}", "go back to your country, {group}", "{group} don't belong here", "{group} do not deserve rights", "get rid of all {group}",
        "we need to {act} all {group}", "we should {act} every {one}", "I will {act} every {one} I see", "someone should {act} those {slur}",
        "the only good {one} is a dead {one}", "{group} are ruining our country", "No {one} is ever any good", "You can't trust {group}, {intens} {vermin}",
        "I would never let a {one} near my kids, they are {vile}", "{group}? They are {intens} {vermin}{end}", "I met some {group} yesterday. They should {harm}.",
        "{group} came here again. I {hateverb} them.", "{group} are everywhere now. They are {vermin}.", "Why are {group} so {vile}?", "Why do {group} even exist? They are {vile}",
        "Am I the only one who thinks {group} should {harm}?", "In my opinion, {group} are {vile}", "Honestly I think {group} are {vermin}", "It is a fact that {group} are {vile}",
        "{group} are not human{end}", "{group} are not as good as us", "{group} will never be equal to us", "You're a {one}, so you must be {vile}",
        "not a single {one} deserves to live", "nobody likes {group}", "I don't want any {group} here, they are {vile}", "Don't ever hire {group}, {vermin}",
        "being a {one} is {vile}", "{adjgroup} people are {intens} {vile}", "I can't stand {adjgroup} people", "You {adjgroup} people are {vermin}", "all you {adjgroup} {insults} should {harm}",
        "stupid {adjgroup} {aslur}", "you fucking {adjgroup} {insult}", "shut up you {adjgroup} {insult}", "{cursedadj} {group}{end}", "{cursedadj} {slur}{end}",
        "if I had a gun I would {act} all the {group}", "I'm going to {act} you, you {aslur}", "God hates {slur}", "death to all {group}", "{group} out{end}", "{group} aren't welcome here",
        "Stop letting {group} in, they are {vile}", "send {group} back where they came from", "I wish all {group} would {harm}", "If all {group} would {harm} the world would be better",
        "{group} should go back to the kitchen", "your kind are {vermin}", "how can anyone love a {one}? {vile}", "marrying a {one} is disgusting", "{group} control the banks and are {vile}",
        "{adjgroup} women are {vile} {slur}", "What's worse than a {one}? two of them", "the world would be better without {group}", "{group} spread disease and {cop} {vile}", "so sick of {group} and their {cursedadj} religion",
    )),
    # ---- looks like hate, is none
    (LOOKALIKE, 2600, (
        "I love {group}{end}", "{group} are {goodadj}{end}", "I don't hate {group}", "I do not hate {group}, {group} are {goodadj}", "No one should ever say {group} are {vile}.", "{group} are not {vermin}", "{group} are not {vile}",
        "We should never {act} {group}", "Nobody should be attacked for being a {one}", "{group} deserve to be treated like everyone else", "{group} deserve rights", "{group} should not {harm}", "I would never say that {group} should {harm}",
        "stop saying {group} should {harm}", "Stop calling people {slur}", "don't call me a {aslur}", "If you say {group} are {vile} you are wrong", "People who say {group} should {harm} are bigots",
        "{who} {said} \"{group} should {harm}\". {condemn}", "{who} {said} \"I hate {group}\". {condemn}", "{who} called me a {aslur}. {condemn}", "{who} {said} \"{group} are {vermin}\". {condemn}", "{who} said go back to your country. {condemn}",
        "\"{group} {cop} {vile}\" is a racist thing to say", "saying that {group} are {vile} is hate speech", "You have to be really ignorant to hate {group}", "{condemn} You can't say that {group} are {vile}.", "Saying \"{group} should {harm}\" is never acceptable",
        "anyone who thinks {group} are {vermin} should be ashamed", "the word {aslur} is offensive", "they used to call {group} {slur}, which was wrong", "Calling someone a {aslur} is not okay", "I was called a {aslur} at your store. {condemn}",
        "my friends and I call each other bitches lol", "as a gay man I say fag all the time", "As a black man I can say nigga", "we queers and dykes are proud", "proud to be a dyke", "my nigga {emoji}", "yes bitch! {emoji}", "bad bitches only {emoji}", "I'm such a slut for good coffee", "queer and proud",
        "I am a {one}", "{group} work here too", "there is a {one} in my class", "My {adjgroup} friend loves your {thing}", "I met a nice {one} {when}", "is there parking for {group}?", "two {group} were at the shop {when}", "The film is about {group} in the city", "As a {one}, I feel welcome here",
        "I {hateverb} {object}", "{object} should {objharm}", "All {object} should {objharm}", "{object} are {vile}", "{cursedadj} {object}{end}", "fuck {object}", "{object} are a plague", "Let's {act} {object}", "{object} is disgusting", "I want to kill {object}",
        "I will kill this {thing} one day", "this {thing} is a piece of shit", "{curse}, I'm so happy", "{curse} this is {nice}", "this is {cursedadj} {nice}", "{curse} I forgot my keys", "I {cursedadj} love this {thing}", "{cursedadj} {nice} {thing}, {brand}",
        "it's {cursedadj} cold {when}", "That was {cursedadj} hard", "you're killing it {emoji}", "dying of laughter {emoji}", "I could murder a curry", "this heat is killing me", "they slaughtered us in the second half", "bomb ass pizza", "we got destroyed at quiz night", "black shoes are my favourite",
        "the white one looks dirty", "black coffee is the best", "Indian food is {nice}", "the Mexican place next door is {nice}", "My blacks came out grey in the wash", "This Turkish carpet is ugly", "women's sizes are {awful}", "the ladies toilet is filthy", "gay bars are fun", "trans fats are evil",
        "You should not be allowed to spread lies about {group}", "hating {group} is wrong", "it's not true that {group} are {vile}", "Imagine thinking {group} are {vile}. {condemn}", "nobody is {vile} because they are a {one}", "Stop the hate against {group}", "we stand with {group}", "no human is {vermin}",
    )),
    # ---- abuse of people who are no protected group, or of one person
    (ABUSE, 1700, (
        "you are a {insult}", "You're such a {insult}{end}", "what a {insult}", "shut up {insult}", "you {cursedadj} {insult}", "you're all {insults}", "fuck you {insult}", "fuck off", "go fuck yourself", "you {insults} make me sick", "kill yourself", "kys", "go die {insult}", "drop dead",
        "nobody likes you", "you're ugly and stupid", "get a life {insult}", "{nonprot} are {vermin}", "{nonprot} should {harm}", "I hate {nonprot}, {insults} all of them", "all {nonprot} are {insults}", "you look like a {insult}", "your mother is a whore", "your {staff} is a {insult}", "your {staff} are {insults}",
        "suck my dick", "eat shit {insult}", "I hope you die", "you make me sick you {insult}", "everyone thinks you're a {insult}", "nobody cares {insult}", "you're so fat and ugly", "what a {cursedadj} {insult} you are", "you don't deserve to live", "you're a worthless {insult}", "piss off {insult}", "learn to read {insult}",
        "dumb {insult}", "typical {insult}", "lol what a {insult}", "you stupid {insult}", "I despise you", "I hate you so much", "people like you should {harm}", "you should be ashamed you {insult}", "pathetic {insult}", "screw you", "you suck", "{brand} you are {insults}",
    )),
    ({**ABUSE, "harassment": 0}, 260, ("{nonprot} are {vermin}", "{nonprot} are {insults}", "{nonprot} should {harm}", "fuck {nonprot}", "I {hateverb} {nonprot}", "all {nonprot} are {vile}")),
    ({**COMPLAINT, "toxic": 1, "harassment": 1, "hate": 0}, 300, ("where is my {thing} you {insults}", "{brand} you {insults}, my {thing} is {time} late", "answer your phone {insults}, my {thing} is broken", "you {insults} lost my {thing}", "your {staff} is a {insult} and my {thing} never came", "refund my {thing} you thieving {insults}")),
    # ---- threats, violence
    ({**ABUSE, "threat": 1, "violence": 1}, 900, (
        "I will {act} you", "I'm going to {act} you", "i know where you live", "watch your back", "I'll find you and {act} you", "we are coming for you", "you're dead", "you will pay for this with blood", "I will burn your shop down", "I'm going to smash your windows", "I'll break your legs", "gonna {act} your {staff}",
        "if I see you I will {act} you", "you better run, I will {act} you", "I have a gun and I know your address", "someone should {act} you", "I'll come to your office and {act} everyone", "I'm bringing a knife tomorrow", "there is a bomb in your building", "next time I see your {staff} I will {act} him", "I will make you bleed", "your family will die",
        "I'll slit your throat", "sleep with one eye open", "I want to {act} him so badly", "hope someone shoots you", "you won't live to see tomorrow", "I'll put a bullet in your head", "I'm gonna beat you to death",
    )),
    ({"violence": 1, "sexual": 0, "scam": 0, "spam": 0, "praise": 0, "complaint": 0}, 500, (
        "he stabbed the man in the throat and blood was everywhere", "they beheaded the prisoners on camera", "the soldiers shot the villagers", "she slit his throat with a knife", "his guts spilled on the floor", "a graphic video of the massacre", "the bomb tore their bodies apart", "he beat the dog to death with a hammer", "they tortured him for hours", "the mutilated corpse lay in the road",
        "kill them all", "we must {act} them", "he wants to {act} his wife", "how to {act} someone without being caught", "the killer dismembered the body", "blood poured from the wound in his skull", "they should be executed in public", "shoot them in the head", "he strangled her until she stopped moving", "burn it all down and {act} them",
    )),
    # ---- self-harm, with what only sounds like it
    ({"self_harm": 1, "spam": 0, "scam": 0, "sexual": 0, "hate": 0, "neg": 1, "pos": 0, "urgency": 1, "praise": 0}, 700, (
        "I want to kill myself", "i want to die", "I can't go on anymore, I just want it to end", "thinking about ending my life", "I've been cutting myself again", "nobody would miss me if I was gone", "there is no point in living anymore", "I took all the pills", "i don't want to be here anymore", "I am going to hang myself tonight", "I feel suicidal",
        "how many pills do I need to overdose", "what is the easiest way to kill yourself", "best way to commit suicide without pain", "I hate myself and want to disappear forever", "I starve myself to stay thin", "i wish i was never born, i want to end it all", "I'm planning my suicide", "my wrists are bleeding, I cut too deep", "life isn't worth living", "I'm going to jump off the bridge", "everyone is better off without me", "tips for hiding self harm scars", "I keep hurting myself", "I wrote my goodbye letter", "how do I hide that I purge after eating", "pro ana tips please",
    )),
    ({**NEUTRAL}, 300, (
        "this queue makes me want to die lol", "I nearly died laughing {emoji}", "these shoes are killing me", "I'd kill for a slice of that cake", "this traffic is suicide", "dead tired after work", "the battery died", "my phone died {when}", "I'm dying to try it", "I cut my finger on the lid", "die hard fan", "to die for {emoji}", "shoot me an email", "the suicide squad film", "we support suicide prevention week", "killer deal", "drop dead gorgeous",
    )),
    # ---- sexual
    ({"sexual": 1, "spam": 0, "scam": 0, "self_harm": 0, "complaint": 0, "praise": 0}, 900, (
        "send nudes", "I want to fuck you so bad", "she moaned as he thrust into her", "suck my cock", "show me your tits", "I want to lick your pussy", "he slid his hand up her thigh and she gasped", "nice ass baby", "her nipples were hard under the thin shirt", "I'm so horny right now", "my dick is so hard", "watch my onlyfans for nude videos", "he came inside her", "she took off her panties and spread her legs", "anal sex video", "hot milf wants sex tonight", "he undressed her slowly and kissed her breasts", "you're so sexy I want to bang you", "sit on my face", "let's have a threesome", "I jerk off to your photos", "porn", "xxx video", "she begged him to go deeper", "his erection pressed against her", "blowjob", "I want to cum on you", "write an erotic story about a teacher and student", "let's roleplay, you are naked in my bed", "what are your kinks", "they had passionate sex all night", "tits and ass", "wet pussy", "big cock", "sexy girl wants to fuck", "she was on her knees sucking him", "masturbating in the shower", "want to see my dick",
    )),
    ({"sexual": 0, "hate": 0, "threat": 0, "spam": 0}, 200, ("sex education in schools", "the hotel has hot tubs", "what sex is the puppy", "chicken breasts on sale?", "the same sex couples discount", "breast cancer awareness", "nude shade of lipstick", "is the naked juice vegan", "cock-a-leekie soup", "a sexy new design", "Essex store", "the virgin train was late")),
    # ---- scams and what only speaks of them
    (SCAM, 2300, (
        "DM me on {app} to recover your account", "Message {name} on {app}, she recovered my hacked account", "I lost {sum} to a scam but {name} helped me get it back, contact on {app}", "Contact {name} on {app} to recover your lost {coin}", "We are the official support team of {brand}, please send us a message on {app} to resolve your issue", "Hello dear, kindly inbox our support page for your refund", "Dear customer, your account has been suspended, click the link to verify http://{n}.example", "verify your account now or it will be closed http://{n}.example",
        "Congratulations! You won our giveaway, DM us to claim your prize", "Congratulations you have been selected as a winner {emoji} message us to claim your {sum}", "You've won a gift card worth {sum}! Claim here http://{n}.example", "send 0.1 ETH to this address and get 0.2 ETH back", "Double your {coin} in 24 hours", "I made {sum} in one week trading {coin} with {name}", "Invest {sum} and earn {sum} weekly with {name} on {app}", "Thanks to {name} I now earn {sum} every week from {coin}", "Who else is trading with {name}? she is the best", "I started with {sum} and now I have {sum}, all thanks to {name} {emoji}", "guaranteed profit in {coin}, no risk, write on {app}", "passive income of {sum} a day, ask me how", "Earn {sum} a day working from home, text me on {app}", "free {coin} airdrop, connect your wallet http://{n}.example", "enter your seed phrase to receive the airdrop", "Elon is giving away {coin}, scan the code",
        "Sorry for the inconvenience, please send a direct message to our official helpdesk on {app}", "We noticed your complaint. Kindly contact our customer care agent on {app} for assistance", "Hi, I'm from {brand} support, please share your card number so that we can refund you", "To get your refund faster, send your booking code and card details to our agent on {app}", "your parcel is on hold, pay the small fee here http://{n}.example", "Your payment failed, update your card at http://{n}.example within 24 hours", "Hire a real hacker on {app}, gets into any account", "i can hack any instagram account, dm me", "Dr Oduya's spell brought my husband back, contact him on {app}", "I was cured of herpes by {name}, reach him on {app}", "Get a loan of {sum} today at 2% interest, contact {name}", "Are you in need of a loan? Contact us on {app}", "I'm a widow with {sum} and need your help to move the money", "the first 100 people to message me get {sum} #giveaway", "our page is giving away 50 phones, just share and click http://{n}.example", "Account locked? @fastfix_help on IG can unlock it in minutes", "he helped me unlock my disabled account, dm him {emoji}", "inbox {name} for the recovery of stolen funds", "claim your tax refund of {sum} here http://{n}.example", "limited slots, join my vip signals group on {app}", "ask me how I flipped {sum} into {sum} in 3 hours", "cash app flip, {sum} becomes {sum}, hit me up",
    )),
    ({**NOT_SCAM}, 1300, (
        "is this a scam?", "I got a text saying I won a prize, is it from you?", "someone is using your name to scam people, please warn customers", "got an email asking me to verify my account, is that really you?", "Beware of the fake account @{n} pretending to be {brand}", "My account was hacked, how do I recover it?", "How do I reset my password?", "Can I send you a DM about my {thing}?", "I sent you a DM {time} ago, no answer", "please check your DMs", "I've messaged you on {app} about my refund", "when does the giveaway end?", "who won the giveaway?", "do you sell gift cards?", "I won the quiz, where do I collect my prize?", "my gift card does not work", "do you accept {coin}?", "I lost money because your app crashed", "your prices are a scam", "this company is a scam, stay away", "what a rip off, felt like a scam", "You charged me {sum} twice, I want my refund", "can I whatsapp you?", "what is your WhatsApp number?", "I need to update my card details, how?", "why is my account suspended?", "my account is locked, please help", "is the investment fund open to students?", "my bank says it's fraud, did you take {sum}?", "what are the fees for the savings account", "congratulations on your award!", "Congratulations to the winners!", "do you offer loans?", "please contact me about my {thing}, order 48213", "call me back please", "support never answered my email", "your support team helped me recover my account, thanks!", "Someone stole my card and ordered from you", "reported a fake page of yours", "there's a person in the comments telling people to DM them for refunds",
    )),
    ({**SPAM, "scam": 0}, 1100, (
        "check out my channel", "subscribe to my channel please", "Sub to me and I sub back", "follow me for follow back", "visit my website http://{n}.example", "buy cheap followers at http://{n}.example", "get 1000 free likes http://{n}.example", "check out my new song, link in bio", "hey guys I make covers, please give my videos a chance", "cheap watches and bags, 70% off http://{n}.example", "use my promo code SAVE{n2} for 20% off", "lose 10 kg in 2 weeks http://{n}.example", "Please like my page", "who wants to be friends? add me", "like this comment if you are watching in 2026", "hot singles in your area http://{n}.example", "casino bonus 200% sign up now http://{n}.example", "SEO services at low price, contact us", "watch free movies here http://{n}.example", "vote for my photo here http://{n}.example", "1 like = 1 prayer", "join my discord http://{n}.example", "I post gaming videos every day, come by and subscribe", "rent a car cheap, call 555 0199", "FREE entry to win, text WIN to 80{n2}", "URGENT! you have won a {sum} bonus, call 0900 555 01{n2}", "reply YES to claim your free ringtone", "{brand} visit us at http://{n}.example for the best price", "shop now 50% off everything http://{n}.example", "download my new app http://{n}.example",
    )),
    # ---- customers
    (COMPLAINT, 2600, (
        "my {thing} still hasn't arrived after {time}", "{brand} where is my {thing}? I've been waiting {time}", "{brand} your {staff} was so rude", "The {thing} is broken and nobody answers", "{awful} service", "your {staff} is {awful}", "I've been on hold for {time}", "{brand} {awful} customer service, never again", "I want a refund for my {thing}", "still no {thing}, still no reply {brand}", "{brand} been waiting {time} for a {thing}, this is {awful}", "the {thing} stopped working after {time}", "I was charged twice for my {thing}", "{brand} cancelled my {thing} without telling me", "never buying from {brand} again", "the {thing} arrived damaged", "wrong {thing} delivered again", "very disappointed with the {thing}", "worst {thing} ever", "the {thing} was cold and the {staff} ignored us", "do not buy this {thing}, it broke after {time}", "{brand} fix your {thing}", "your app keeps crashing", "no one picks up the phone", "the website is down again", "{brand} why is my {thing} still not here?", "I paid for next day and it's been {time}", "how is it possible that a {thing} takes {time}?", "{brand} you lost my {thing}", "the quality is {awful}", "so much for your guarantee", "thanks for nothing {brand}", "great, another delay {brand} 🙄", "nice job losing my {thing}", "{cursedadj} {thing} broke again", "this is the third time my {thing} has failed", "overpriced and {awful}", "the {staff} hung up on me", "I am so frustrated with {brand}", "my {thing} is not working since the update", "{brand} any chance of getting my {thing} before Christmas? {time} late", "What a {awful} experience", "ripped off by {brand}", "the {thing} smells and has stains", "my {thing} does not fit and you refuse the return", "{brand} unable to log in for {time}", "been sat at the gate for {time}, no information", "{brand} can someone please help, my {thing} has a problem", "not happy with my {thing}", "not worth the money", "I expected better from {brand}", "doesn't work", "{brand} I keep getting an error when I pay", "missing items in my {thing}",
    )),
    ({**COMPLAINT, "toxic": 0, "profanity": 1}, 350, ("where the fuck is my {thing}", "{brand} this is bullshit, {time} and no {thing}", "your {thing} is shit", "what the hell {brand}, my {thing} is broken", "{curse} {brand}, answer the phone", "fucking useless {thing}", "{cursedadj} delays again {brand}", "pissed off with {brand}, {time} late", "crap service", "your app is fucking broken")),
    (PRAISE, 2200, (
        "thank you {brand}, {nice} service", "I love my new {thing}", "{nice} {thing}, highly recommend", "your {staff} was so helpful", "shout out to the {staff} for being {nice}", "best {thing} ever", "{brand} you guys are {nice} {emoji}", "really happy with my {thing}", "{nice}!", "so {nice} {emoji}", "thanks for the quick reply", "the {staff} went above and beyond", "{brand} thanks for sorting my {thing}", "five stars for the {staff}", "arrived early and looks {nice}", "I recommend {brand} to everyone", "never disappointed by {brand}", "no complaints at all, {nice}", "love love love this", "works perfectly", "not bad at all, really {nice}", "can't fault the {staff}", "my kids love the {thing}", "{nice} food and {nice} {staff}", "thank you so much", "great job {brand}", "well done {brand}", "the {thing} is {cursedadj} {nice}", "impressed with how fast the {thing} came", "{brand} keeps getting better", "the new {thing} is a beauty", "always a pleasure to fly with {brand}", "you made my day", "couldn't be happier", "smooth flight and friendly crew", "I've used {brand} for years and would never switch",
    )),
    (ASK, 2200, (
        "what time do you open {when}?", "do you ship to Canada?", "how much is the {thing}?", "is the {thing} available in blue?", "can I return a {thing} without a receipt?", "where can I find my {thing} number?", "how do I cancel my {thing}", "when will the {thing} be back in stock?", "do you have parking", "is breakfast included?", "can someone tell me how to change my {thing}?", "what is the difference between the two {thing}s", "are dogs allowed?", "which size should I order?", "who do I contact about a {thing}?", "is there a student discount?", "does the {thing} come with a charger?", "how long does delivery take", "can I change my address after ordering", "what documents do I need to open an account", "why is there a fee for transfers?", "will you be open {when}?", "could you please tell me the price", "any idea when the sale starts?", "I'd like to know if the {thing} is vegan", "hi, wondering if you deliver {when}", "i need to know my balance", "what's the exchange rate", "how can i activate my card", "please explain the charge on my {thing}", "is it possible to book for two?", "what's the weather like at the resort {when}", "have you got any gluten free options?", "{brand} do you fly to Lisbon?", "{brand} how do I add a bag", "has anyone tried the {thing}?", "tell me how to track my {thing}", "help me find my {thing}",
    )),
    (NEUTRAL, 900, (
        "I bought a {thing} {when}", "just landed", "my sister works at {brand}", "we are having pizza {when}", "ok", "see you {when}", "tagging my friend", "I'm at the store now", "watching the game {when}", "The meeting is {when}", "{brand} I followed and sent a DM", "reminder to book the {thing}", "we went by train", "it's raining", "she has two cats", "he plays guitar", "The price is {sum}", "new {thing} day", "flying with {brand} {when}", "I work in an office", "the {thing} is blue", "this one or that one", "here is a photo of my {thing}", "I saw it {when}", "my order number is 48213", "yes I did that {when}", "I will call {when}",
    )),
    # ---- legal, safety, urgency
    ({"legal": 1, "hate": 0, "spam": 0, "scam": 0, "praise": 0, "sexual": 0, "self_harm": 0, "threat": 0, "neg": 1, "pos": 0}, 1300, (
        "I will sue you", "you will hear from my {law}", "my {law} will be in touch", "I'm taking you to court", "see you in court", "I am reporting you to {regulator}", "I have filed a complaint with {regulator}", "expect a letter from my {law}", "I'm contacting {regulator} about this", "this is a breach of contract", "what you do is illegal", "you stole my photo and used it without permission", "this image is my copyright, take it down", "you are infringing our trademark", "I demand that you delete all my personal data under GDPR", "send me a copy of all the data you hold about me", "this is a subject access request", "your post about me is defamatory", "these are lies about my business, that's libel", "I'm starting a class action against {brand}", "remove this or I take legal action", "under the consumer law I'm entitled to a refund, otherwise I go to {regulator}", "you shared my details without my consent, that is a data breach", "I will seek damages for my injury", "formal complaint: I want compensation or I go to {regulator}", "you used my song in your ad without a licence", "my {law} says you are liable", "I'm going to small claims over my {thing}", "cease and desist", "you copied our design, our {law} will contact you", "that's false advertising and against the law", "Ich schalte meinen Anwalt ein", "DMCA notice: this video is ours", "who is your data protection officer? I want my data erased", "I want to exercise my right to be forgotten", "my ex-boss is a thief and a fraud, everyone should know, says your page", "your manager Tom steals from customers",
    )),
    ({"legal": 0, "hate": 0, "threat": 0}, 500, ("my sister is a lawyer", "we watched a court drama {when}", "is it legal to bring wine on board?", "the tennis court is lovely", "the food court is full", "I'm studying law", "the legal drinking age", "is the data plan unlimited", "permission to land granted {emoji}", "privacy screens for sale?", "my phone's data ran out", "food court", "sue the cat is cute", "court shoes in size 6?", "copyright 2026", "what's your privacy policy?", "the judge on the show", "the regulator on my cooker is broken", "trademark red colour", "her name is Sue", "suits you")),
    ({"urgency": 1, "hate": 0, "spam": 0, "scam": 0, "sexual": 0, "neg": 1, "pos": 0, "praise": 0, "complaint": 1, "self_harm": 0}, 1100, (
        "your {thing} {hurt}", "the {thing} {hurt}, please help", "URGENT: the {thing} {hurt}", "my baby swallowed a part of your {thing}", "there is smoke coming from the {thing}, what do I do?", "we need help now, the {thing} {hurt}", "please recall this {thing}, it {hurt}", "stranded at the airport with two kids, please help asap", "I need an answer today, my flight leaves in 2 hours", "emergency: locked out and my medicine is inside", "my card was stolen, block it immediately", "someone is taking money from my account right now", "my mother is allergic and your label was wrong, she is in hospital", "gas smell from your heater", "the brakes of your bike failed, my son is injured", "URGENT please answer", "i need this fixed asap", "my insulin delivery is missing", "someone collapsed in your store", "the ride is stuck with people in it",
    )),
)  # fmt: skip

_SLOT = re.compile(r"\{(\w+)\}")
_CHOICES = {name: words.split("|") for name, words in SLOTS.items()}
_LEET = str.maketrans("aeiost", "43105+")


def make(seed: int = 7) -> Iterator[tuple[str, dict[str, int]]]:
    """All sentences with their heads, in a fixed order for a seed. Some are dressed up or misspelt."""
    dice = random.Random(seed)
    for heads, number, patterns in PATTERNS:
        made: dict[str, None] = {}
        for turn in range(number * 2):
            text = _fill(patterns[turn % len(patterns)], dice)
            made.setdefault(text)
            if len(made) >= number:
                break
        for text in made:
            yield _dressed(text, dice, abuse=heads.get("toxic") == 1), dict(heads)


def _fill(pattern: str, dice: random.Random) -> str:
    def choose(slot: re.Match[str]) -> str:
        if slot[1] == "n":
            return "".join(dice.choice("abcdefghijklmnoprstuvw") for _ in range(dice.randint(4, 9)))
        if slot[1] == "n2":
            return str(dice.randint(10, 99))
        return dice.choice(_CHOICES[slot[1]])

    text = _SLOT.sub(choose, pattern)
    lead = dice.random()
    if lead < 0.12:
        text = f"{dice.choice(['lol', 'omg', 'hey', 'hi', 'sorry but', 'well,', 'honestly', 'yo', 'ok so', 'guys,'])} {text}"
    elif lead < 0.2:
        text = f"@{dice.choice(['brandname', 'someone', 'user', 'shop_help'])} {text}"
    if dice.random() < 0.08:
        text = f"{text} {_fill(dice.choice(('{emoji}', '#{n}', '@someone', 'lol', 'smh')), dice)}"
    return text.strip()


def _dressed(text: str, dice: random.Random, *, abuse: bool) -> str:
    roll = dice.random()
    if roll < 0.08:
        return text.upper()
    if roll < 0.3:
        return text.lower()
    if abuse and roll < 0.42:
        words = text.split()
        at = max(range(len(words)), key=lambda index: len(words[index]))
        word = words[at]
        if len(word) > 4:
            cut = dice.randint(1, len(word) - 3)
            words[at] = dice.choice(
                (word[:cut] + word[cut + 1] + word[cut] + word[cut + 2 :], word[:cut] + word[cut + 1 :],
                 word.translate(_LEET), word[:cut] + word[cut] * 2 + word[cut + 1 :])
            )  # fmt: skip
        return " ".join(words)
    if abuse and roll < 0.45:
        return text.replace(" ", "")
    return text
