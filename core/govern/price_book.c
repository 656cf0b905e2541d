/* SPDX-License-Identifier: PostgreSQL */
/*
 * The price book: every row of a price list, found by provider and model.
 *
 * Rows, their rates, and the names are in one array each, and refer to each other by
 * index; only known rates are kept, so that four thousand rows take half a megabyte.  One
 * hash table leads from (provider, model) to the first of the rows of that name, which are
 * chained, and from (provider, alias) to the model that it stands for.  Providers, tiers,
 * regions and currencies are numbered words; another name of a provider has its number.
 */
#include "core/govern/price.h"

#include <stdlib.h>

#include "core/base/bytes.h"
#include "core/base/money_sum.h"

#define NONE UINT32_MAX
#define NO_WORD 0 /* what is absent */
#define DAY_US INT64_C(86400000000)
#define MINUTE_US INT64_C(60000000)

/* Part of the book's text. */
typedef struct Name
{
	uint32_t start;
	uint32_t length;
} Name;

typedef struct Word
{
	Name name;      /* folded, as it is compared */
	Name shown;     /* as the list has it */
	uint16_t means; /* its own number, or that of what it is another name of */
} Word;

typedef struct StoredRow
{
	int64_t id;
	int64_t valid_from;
	int64_t valid_to;
	int64_t threshold;
	int64_t multiplier;
	Name model;
	uint32_t next; /* row of the same name, or NONE */
	uint32_t rates;
	uint32_t known;
	uint16_t provider;
	uint16_t tier;
	uint16_t region;
	uint16_t currency;
	int16_t window_start;
	int16_t window_end;
	uint8_t days;
	uint8_t origin;
	bool threshold_included;
} StoredRow;

typedef struct StoredAlias
{
	Name alias;
	Name model;
	uint16_t provider;
} StoredAlias;

/* What a slot leads to: a row, an alias from ALIAS on, or nothing. */
#define ALIAS UINT32_C(0x80000000)

struct GenopsPriceBook
{
	GenopsBytes text;
	GenopsBytes rates;   /* of int64_t */
	GenopsBytes rows;    /* of StoredRow */
	GenopsBytes aliases; /* of StoredAlias */
	GenopsBytes words;   /* of Word */
	uint32_t *slots;     /* NONE: free */
	size_t slot_count;   /* a power of two */
	size_t used;
	uint16_t *word_slots; /* NO_WORD: free */
	size_t word_slot_count;
};

#define COUNT_IN(bytes, type) ((bytes).length / sizeof(type))
#define ITEM(bytes, type, index) ((type *) (void *) (bytes).data + (index))

static GenopsSlice
slice_of(const GenopsPriceBook *book, Name name)
{
	return (GenopsSlice){ (const char *) book->text.data + name.start, name.length };
}

GenopsPriceBook *
genops_price_book_create(void)
{
	static const Word absent = { { 0, 0 }, { 0, 0 }, NO_WORD };
	GenopsPriceBook *book = calloc(1, sizeof(GenopsPriceBook));

	if (book == NULL)
		return NULL;
	book->text = genops_bytes_growing();
	book->rates = genops_bytes_growing();
	book->rows = genops_bytes_growing();
	book->aliases = genops_bytes_growing();
	book->words = genops_bytes_growing();
	genops_bytes_put(&book->words, &absent, sizeof(absent));
	return book;
}

void
genops_price_book_free(GenopsPriceBook *book)
{
	if (book == NULL)
		return;
	genops_bytes_free(&book->text);
	genops_bytes_free(&book->rates);
	genops_bytes_free(&book->rows);
	genops_bytes_free(&book->aliases);
	genops_bytes_free(&book->words);
	free(book->slots);
	free(book->word_slots);
	free(book);
}

size_t
genops_price_book_rows(const GenopsPriceBook *book)
{
	return COUNT_IN(book->rows, StoredRow);
}

size_t
genops_price_book_bytes(const GenopsPriceBook *book)
{
	return sizeof(*book) + book->text.capacity + book->rates.capacity + book->rows.capacity +
	       book->aliases.capacity + book->words.capacity + book->slot_count * sizeof(uint32_t) +
	       book->word_slot_count * sizeof(uint16_t);
}

static void
trim(GenopsBytes *bytes)
{
	uint8_t *trimmed = bytes->length > 0 ? realloc(bytes->data, bytes->length) : NULL;

	if (trimmed == NULL)
		return;
	bytes->data = trimmed;
	bytes->capacity = bytes->length;
}

void
genops_price_book_trim(GenopsPriceBook *book)
{
	trim(&book->text);
	trim(&book->rates);
	trim(&book->rows);
	trim(&book->aliases);
	trim(&book->words);
}

static bool
whole(const GenopsPriceBook *book)
{
	return !book->text.failed && !book->rates.failed && !book->rows.failed &&
	       !book->aliases.failed && !book->words.failed;
}

/* Eight bytes at a time; the same text always has the same hash in this process only. */
static uint64_t
hash_text(uint64_t seed, GenopsSlice text)
{
	uint64_t hash = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15) + text.length;
	uint64_t block;
	size_t at = 0;

	for (; at + sizeof(block) <= text.length; at += sizeof(block))
	{
		memcpy(&block, text.data + at, sizeof(block));
		hash = (hash ^ block) * UINT64_C(0xFF51AFD7ED558CCD);
		hash ^= hash >> 32;
	}
	block = 0;
	if (at < text.length)
		memcpy(&block, text.data + at, text.length - at);
	hash = (hash ^ block) * UINT64_C(0xC4CEB9FE1A85EC53);
	return hash ^ hash >> 29;
}

static Name
put_name(GenopsPriceBook *book, GenopsSlice text)
{
	Name name = { (uint32_t) book->text.length, (uint32_t) text.length };

	if (book->text.length + text.length >= NONE)
		book->text.failed = true;
	genops_bytes_put(&book->text, text.data, text.length);
	return name;
}

/*
 * Words.
 */

/* "Ant-Ling", "ant ling" and "ant_ling" are one. */
static GenopsSlice
folded(GenopsSlice text, char buffer[GENOPS_REPLY_NAME_MAX])
{
	if (text.length > GENOPS_REPLY_NAME_MAX)
		return GENOPS_ABSENT;
	for (size_t i = 0; i < text.length; i++)
	{
		char c = text.data[i];

		buffer[i] = (char) (c >= 'A' && c <= 'Z' ? c | 0x20 : c == '-' || c == ' ' ? '_' : c);
	}
	return (GenopsSlice){ buffer, text.length };
}

static uint16_t *
word_slot(const GenopsPriceBook *book, GenopsSlice name)
{
	size_t mask = book->word_slot_count - 1;
	size_t at = hash_text(0, name) & mask;

	while (book->word_slots[at] != NO_WORD)
	{
		const Word *word = ITEM(book->words, Word, book->word_slots[at]);

		if (genops_slice_equal(slice_of(book, word->name), name))
			break;
		at = (at + 1) & mask;
	}
	return &book->word_slots[at];
}

static bool
make_room_for_word(GenopsPriceBook *book)
{
	size_t count = COUNT_IN(book->words, Word);
	size_t wanted = book->word_slot_count ? book->word_slot_count * 2 : 512;
	uint16_t *old = book->word_slots;
	size_t old_count = book->word_slot_count;

	if (count > 65000)
		return false;
	if (count * 2 < book->word_slot_count)
		return true;
	book->word_slots = calloc(wanted, sizeof(uint16_t));
	if (book->word_slots == NULL)
	{
		book->word_slots = old;
		return false;
	}
	book->word_slot_count = wanted;
	for (size_t i = 0; i < old_count; i++)
	{
		if (old[i] != NO_WORD)
			*word_slot(book, slice_of(book, ITEM(book->words, Word, old[i])->name)) = old[i];
	}
	free(old);
	return true;
}

/* The number of a word, which is a new one if need be; NO_WORD with "failed" if there is no
 * room. */
static uint16_t
put_word(GenopsPriceBook *book, GenopsSlice text, bool *failed)
{
	char buffer[GENOPS_REPLY_NAME_MAX];
	GenopsSlice name = folded(text, buffer);
	uint16_t number;
	uint16_t *slot;
	Word word;

	if (name.length == 0)
		return NO_WORD;
	if (!make_room_for_word(book))
	{
		*failed = true;
		return NO_WORD;
	}
	slot = word_slot(book, name);
	if (*slot != NO_WORD)
		return *slot;
	number = (uint16_t) COUNT_IN(book->words, Word);
	word.name = put_name(book, name);
	word.shown = put_name(book, text);
	word.means = number;
	genops_bytes_put(&book->words, &word, sizeof(word));
	if (!book->text.failed && !book->words.failed)
		*slot = number;
	return number;
}

/* What a word stands for; NO_WORD if nobody uses it. */
static uint16_t
find_word(const GenopsPriceBook *book, GenopsSlice text)
{
	char buffer[GENOPS_REPLY_NAME_MAX];
	GenopsSlice name = folded(text, buffer);
	uint16_t number;

	if (name.length == 0 || book->word_slot_count == 0)
		return NO_WORD;
	number = *word_slot(book, name);
	return number == NO_WORD ? NO_WORD : ITEM(book->words, Word, number)->means;
}

/*
 * Names of models.
 */
static GenopsSlice
slot_key(const GenopsPriceBook *book, uint32_t entry, uint16_t *provider)
{
	if (entry & ALIAS)
	{
		const StoredAlias *alias = ITEM(book->aliases, StoredAlias, entry & ~ALIAS);

		*provider = alias->provider;
		return slice_of(book, alias->alias);
	}
	*provider = ITEM(book->rows, StoredRow, entry)->provider;
	return slice_of(book, ITEM(book->rows, StoredRow, entry)->model);
}

/* The slot of a name that is a row's, or an alias. */
static uint32_t *
slot_of(const GenopsPriceBook *book, uint16_t provider, GenopsSlice name, bool is_alias)
{
	size_t mask = book->slot_count - 1;
	size_t at = hash_text((uint64_t) provider << 1 | is_alias, name) & mask;

	while (book->slots[at] != NONE)
	{
		uint16_t of;
		GenopsSlice key = slot_key(book, book->slots[at], &of);

		if (of == provider && ((book->slots[at] & ALIAS) != 0) == is_alias &&
		    genops_slice_equal(key, name))
			break;
		at = (at + 1) & mask;
	}
	return &book->slots[at];
}

static bool
make_room_for_name(GenopsPriceBook *book)
{
	size_t wanted = book->slot_count ? book->slot_count * 2 : 1024;
	uint32_t *old = book->slots;
	size_t old_count = book->slot_count;

	if (book->used * 4 < book->slot_count * 3)
		return true;
	book->slots = malloc(wanted * sizeof(uint32_t));
	if (book->slots == NULL)
	{
		book->slots = old;
		return false;
	}
	memset(book->slots, 0xFF, wanted * sizeof(uint32_t));
	book->slot_count = wanted;
	for (size_t i = 0; i < old_count; i++)
	{
		uint16_t provider;
		GenopsSlice key;

		if (old[i] == NONE)
			continue;
		key = slot_key(book, old[i], &provider);
		*slot_of(book, provider, key, (old[i] & ALIAS) != 0) = old[i];
	}
	free(old);
	return true;
}

static uint32_t
find_rows(const GenopsPriceBook *book, uint16_t provider, GenopsSlice model)
{
	return book->slot_count == 0 ? NONE : *slot_of(book, provider, model, false);
}

static uint32_t
find_alias(const GenopsPriceBook *book, uint16_t provider, GenopsSlice alias)
{
	return book->slot_count == 0 ? NONE : *slot_of(book, provider, alias, true);
}

static void
put_rates(GenopsPriceBook *book, const GenopsPriceRow *row)
{
	for (int i = 0; i < GENOPS_RATE_COUNT; i++)
	{
		if (row->known & 1u << i)
			genops_bytes_put(&book->rates, &row->rate[i], sizeof(row->rate[i]));
	}
}

bool
genops_price_book_add(GenopsPriceBook *book, const GenopsPriceRow *row)
{
	bool failed = false;
	uint32_t number = (uint32_t) genops_price_book_rows(book);
	StoredRow stored = { .id = row->id,
		                 .valid_from = row->valid_from,
		                 .valid_to = row->valid_to,
		                 .threshold = row->threshold,
		                 .multiplier = row->multiplier,
		                 .next = NONE,
		                 .rates = (uint32_t) COUNT_IN(book->rates, int64_t),
		                 .known = row->known,
		                 .window_start = (int16_t) row->window_start,
		                 .window_end = (int16_t) row->window_end,
		                 .days = (uint8_t) row->days,
		                 .origin = (uint8_t) row->origin,
		                 .threshold_included = row->threshold_included };
	uint32_t first;

	stored.provider = put_word(book, row->provider, &failed);
	stored.tier = put_word(book, row->service_tier, &failed);
	stored.region = put_word(book, row->region, &failed);
	stored.currency = put_word(book, row->currency, &failed);
	if (failed || number >= ALIAS - 1 || !make_room_for_name(book))
		return false;
	first = find_rows(book, stored.provider, row->model);
	if (first == NONE)
		stored.model = put_name(book, row->model);
	else
	{
		StoredRow *head = ITEM(book->rows, StoredRow, first);

		stored.model = head->model;
		stored.next = head->next;
	}
	put_rates(book, row);
	genops_bytes_put(&book->rows, &stored, sizeof(stored));
	if (!whole(book))
		return false;
	if (first != NONE)
		ITEM(book->rows, StoredRow, first)->next = number;
	else
	{
		*slot_of(book, stored.provider, row->model, false) = number;
		book->used++;
	}
	return true;
}

static bool
add_provider_alias(GenopsPriceBook *book, uint16_t provider, GenopsSlice alias)
{
	bool failed = false;
	uint16_t word = put_word(book, alias, &failed);

	if (failed || !whole(book) || word == NO_WORD)
		return !failed && whole(book);
	ITEM(book->words, Word, word)->means = provider;
	return true;
}

bool
genops_price_book_add_alias(GenopsPriceBook *book, GenopsSlice provider, GenopsSlice alias,
                            GenopsSlice model)
{
	bool failed = false;
	StoredAlias stored = { .provider = put_word(book, provider, &failed) };
	uint32_t number = (uint32_t) COUNT_IN(book->aliases, StoredAlias);
	uint32_t *slot;

	if (failed || !whole(book) || number >= ALIAS - 1)
		return false;
	if (model.length == 0)
		return add_provider_alias(book, stored.provider, alias);
	if (!make_room_for_name(book))
		return false;
	stored.alias = put_name(book, alias);
	stored.model = put_name(book, model);
	genops_bytes_put(&book->aliases, &stored, sizeof(stored));
	if (!whole(book))
		return false;
	slot = slot_of(book, stored.provider, alias, true);
	book->used += *slot == NONE;
	*slot = number | ALIAS;
	return true;
}

/*
 * Finding a row.
 */
typedef struct Wanted
{
	uint16_t tier;
	uint16_t region;
	int64_t at;
	int minute;  /* of the day */
	int weekday; /* 0: Monday */
} Wanted;

static int64_t
floor_divide(int64_t value, int64_t by)
{
	int64_t quotient = value / by;

	return quotient - (value % by < 0);
}

static bool
window_holds(const StoredRow *row, const Wanted *wanted)
{
	int weekday = wanted->weekday;

	if (row->window_start < 0)
		return true;
	if (row->window_start < row->window_end)
	{
		if (wanted->minute < row->window_start || wanted->minute >= row->window_end)
			return false;
	}
	else if (wanted->minute < row->window_end)
		weekday = (weekday + 6) % 7;
	else if (wanted->minute < row->window_start)
		return false;
	return (row->days & 1u << weekday) != 0;
}

/* Whether a row that may be used is to be preferred. */
static bool
better(const StoredRow *row, const StoredRow *than)
{
	if (than == NULL)
		return true;
	if (row->origin != than->origin)
		return row->origin > than->origin;
	if ((row->region != NO_WORD) != (than->region != NO_WORD))
		return row->region != NO_WORD;
	if (row->valid_from != than->valid_from)
		return row->valid_from > than->valid_from;
	return row->window_start >= 0 && than->window_start < 0;
}

typedef struct Chosen
{
	const StoredRow *row;
	bool any_tier; /* a row that would do but for its tier */
} Chosen;

static Chosen
choose(const GenopsPriceBook *book, uint32_t first, const Wanted *wanted)
{
	Chosen chosen = { NULL, false };

	for (uint32_t at = first; at != NONE;)
	{
		const StoredRow *row = ITEM(book->rows, StoredRow, at);

		at = row->next;
		if (row->valid_from > wanted->at || row->valid_to <= wanted->at ||
		    (row->region != NO_WORD && row->region != wanted->region))
			continue;
		if (row->tier != wanted->tier)
			chosen.any_tier = true;
		else if (window_holds(row, wanted) && better(row, chosen.row))
			chosen.row = row;
	}
	return chosen;
}

/*
 * The rates of a row that a call is priced with.
 */
static bool
row_rate(const GenopsPriceBook *book, const StoredRow *row, GenopsRate rate, int64_t *value)
{
	uint32_t bit = 1u << rate;
	uint32_t before = row->known & (bit - 1);
	size_t index = row->rates;

	if ((row->known & bit) == 0)
		return false;
	for (; before != 0; before &= before - 1)
		index++;
	*value = *ITEM(book->rates, int64_t, index);
	return true;
}

static void
set_rate(GenopsRates *rates, GenopsRate rate, int64_t value)
{
	rates->rate[rate] = value;
	rates->known |= 1u << rate;
}

static bool
has_rate(const GenopsRates *rates, GenopsRate rate)
{
	return (rates->known & 1u << rate) != 0;
}

/* The rate above the threshold of those that have one of their own. */
static const GenopsRate above_of[] = {
	[GENOPS_RATE_INPUT] = GENOPS_RATE_INPUT_ABOVE,
	[GENOPS_RATE_OUTPUT] = GENOPS_RATE_OUTPUT_ABOVE,
	[GENOPS_RATE_CACHE_READ] = GENOPS_RATE_CACHE_READ_ABOVE,
	[GENOPS_RATE_CACHE_WRITE] = GENOPS_RATE_CACHE_WRITE_ABOVE,
	[GENOPS_RATE_CACHE_WRITE_1H] = GENOPS_RATE_CACHE_WRITE_1H_ABOVE,
};

static const GenopsRate batch_of[] = {
	[GENOPS_RATE_INPUT] = GENOPS_RATE_BATCH_INPUT,
	[GENOPS_RATE_OUTPUT] = GENOPS_RATE_BATCH_OUTPUT,
	[GENOPS_RATE_CACHE_READ] = GENOPS_RATE_BATCH_CACHE_READ,
	[GENOPS_RATE_CACHE_WRITE] = GENOPS_RATE_BATCH_CACHE_WRITE,
	[GENOPS_RATE_CACHE_WRITE_1H] = GENOPS_RATE_BATCH_CACHE_WRITE_1H,
};

#define TIERED_COUNT (sizeof(above_of) / sizeof(above_of[0]))

/* A rate times a ratio of others; stays as it is where the ratio is none. */
static int64_t
in_proportion(int64_t rate, int64_t to, int64_t of)
{
	int64_t result;

	return of > 0 && genops_multiply_divide(rate, to, of, &result) ? result : rate;
}

/*
 * The rates for a batch, below a threshold.  A cached token of which none is known costs
 * what any token of a batch costs; a write to the cache, or a longer one, as much less than
 * usual as what it is a kind of.
 */
static void
set_batch_rates(const GenopsPriceBook *book, const StoredRow *row, const GenopsRates *base,
                GenopsRates *batch)
{
	int64_t value;

	*batch = *base;
	for (size_t i = 0; i < TIERED_COUNT; i++)
	{
		if (row_rate(book, row, batch_of[i], &value))
			set_rate(batch, (GenopsRate) i, value);
		else if (i == GENOPS_RATE_CACHE_READ && has_rate(base, GENOPS_RATE_CACHE_READ))
			set_rate(batch, GENOPS_RATE_CACHE_READ, batch->rate[GENOPS_RATE_INPUT]);
		else if (i == GENOPS_RATE_CACHE_WRITE && has_rate(base, GENOPS_RATE_CACHE_WRITE))
			set_rate(batch, GENOPS_RATE_CACHE_WRITE,
			         in_proportion(base->rate[GENOPS_RATE_CACHE_WRITE],
			                       batch->rate[GENOPS_RATE_INPUT], base->rate[GENOPS_RATE_INPUT]));
		else if (i == GENOPS_RATE_CACHE_WRITE_1H && has_rate(base, GENOPS_RATE_CACHE_WRITE_1H) &&
		         has_rate(base, GENOPS_RATE_CACHE_WRITE))
			set_rate(batch, GENOPS_RATE_CACHE_WRITE_1H,
			         in_proportion(base->rate[GENOPS_RATE_CACHE_WRITE_1H],
			                       batch->rate[GENOPS_RATE_CACHE_WRITE],
			                       base->rate[GENOPS_RATE_CACHE_WRITE]));
	}
}

/* Above the threshold each has the rate of its own, of a batch in the same proportion. */
static void
raise_rates(const GenopsPriceBook *book, const StoredRow *row, const GenopsRates *base,
            GenopsRates *rates)
{
	int64_t above;

	for (size_t i = 0; i < TIERED_COUNT; i++)
	{
		if (!row_rate(book, row, above_of[i], &above))
			continue;
		if (has_rate(base, (GenopsRate) i) && rates->rate[i] != base->rate[i])
			above = in_proportion(above, rates->rate[i], base->rate[i]);
		set_rate(rates, (GenopsRate) i, above);
	}
}

static void
multiply_rates(GenopsRates *rates, int64_t multiplier)
{
	for (int i = 0; i < GENOPS_RATE_EFFECTIVE_COUNT; i++)
	{
		if (has_rate(rates, (GenopsRate) i))
			rates->rate[i] = in_proportion(rates->rate[i], multiplier, GENOPS_MONEY_UNIT);
	}
}

static void
set_rates(const GenopsPriceBook *book, const StoredRow *row, GenopsPriceAnswer *answer)
{
	GenopsRates base = { .known = 0 };
	int64_t value;

	for (int i = 0; i < GENOPS_RATE_EFFECTIVE_COUNT; i++)
	{
		if (row_rate(book, row, (GenopsRate) i, &value))
			set_rate(&base, (GenopsRate) i, value);
	}
	if (answer->batch)
		set_batch_rates(book, row, &base, &answer->rates);
	else
		answer->rates = base;
	if (answer->above)
		raise_rates(book, row, &base, &answer->rates);
	if (row->multiplier != GENOPS_NO_MULTIPLIER)
		multiply_rates(&answer->rates, row->multiplier);
}

static void
set_answer(const GenopsPriceBook *book, const StoredRow *row, const GenopsPriceQuestion *question,
           GenopsPriceMatch match, bool batch, GenopsPriceAnswer *answer)
{
	answer->match = match;
	answer->batch = batch;
	answer->above = row->threshold != GENOPS_NO_THRESHOLD &&
	                (row->threshold_included ? question->input_tokens >= row->threshold
	                                         : question->input_tokens > row->threshold);
	answer->id = row->id;
	answer->provider = slice_of(book, ITEM(book->words, Word, row->provider)->shown);
	answer->model = slice_of(book, row->model);
	answer->currency = slice_of(book, ITEM(book->words, Word, row->currency)->shown);
	answer->valid_from = row->valid_from;
	answer->threshold = row->threshold;
	answer->window_start = row->window_start;
	answer->window_end = row->window_end;
	answer->origin = (GenopsPriceOrigin) row->origin;
	answer->moving =
	    genops_price_is_moving(question->model) || genops_price_is_moving(answer->model);
	set_rates(book, row, answer);
}

/* A name that has rows; what is wrong with them if none will do. */
static GenopsPriceResult
price_by_name(const GenopsPriceBook *book, uint32_t first, const GenopsPriceQuestion *question,
              Wanted *wanted, GenopsSlice tier, GenopsPriceMatch match, GenopsPriceAnswer *answer)
{
	Chosen chosen = choose(book, first, wanted);
	bool batch = false;

	if (chosen.row == NULL && genops_slice_equal(tier, GENOPS_LITERAL("batch")))
	{
		Wanted standard = *wanted;

		standard.tier = NO_WORD;
		chosen = choose(book, first, &standard);
		batch = true;
		if (chosen.row != NULL && (chosen.row->known & 1u << GENOPS_RATE_BATCH_INPUT) == 0)
			return GENOPS_PRICE_UNKNOWN_TIER;
	}
	if (chosen.row == NULL)
		return chosen.any_tier ? GENOPS_PRICE_UNKNOWN_TIER : GENOPS_PRICE_NOT_YET;
	set_answer(book, chosen.row, question, match, batch, answer);
	return GENOPS_PRICE_FOUND;
}

/* The rows of a name, or of what the name is an alias of. */
static uint32_t
rows_of_name(const GenopsPriceBook *book, uint16_t provider, const GenopsNameForm *form,
             GenopsPriceMatch *match)
{
	uint32_t first = find_rows(book, provider, form->name);
	uint32_t alias;

	*match = form->match;
	if (first != NONE)
		return first;
	alias = find_alias(book, provider, form->name);
	if (alias == NONE)
		return NONE;
	if (form->match == GENOPS_MATCH_EXACT)
		*match = GENOPS_MATCH_ALIAS;
	return find_rows(book, provider,
	                 slice_of(book, ITEM(book->aliases, StoredAlias, alias & ~ALIAS)->model));
}

typedef struct OwnProvider
{
	const GenopsPriceBook *book;
	uint16_t provider;
} OwnProvider;

static bool
is_own_provider(void *context, GenopsSlice text)
{
	const OwnProvider *own = context;

	return find_word(own->book, text) == own->provider;
}

static uint32_t
rows_of_question(const GenopsPriceBook *book, uint16_t provider, GenopsSlice model,
                 GenopsPriceMatch *match)
{
	GenopsNameForm forms[GENOPS_NAME_FORMS] = { { model, GENOPS_MATCH_EXACT } };
	OwnProvider own = { book, provider };
	uint32_t first;
	size_t count;

	/* Most are found as they are. */
	first = rows_of_name(book, provider, &forms[0], match);
	if (first != NONE)
		return first;
	count = genops_price_name_forms(model, is_own_provider, &own, forms);
	for (size_t i = 1; i < count; i++)
	{
		first = rows_of_name(book, provider, &forms[i], match);
		if (first != NONE)
			return first;
	}
	*match = GENOPS_MATCH_ANY;
	return find_rows(book, provider, GENOPS_LITERAL("*"));
}

GenopsPriceResult
genops_price_find(const GenopsPriceBook *book, const GenopsPriceQuestion *question,
                  GenopsPriceAnswer *answer)
{
	char buffer[GENOPS_TIER_SIZE];
	GenopsSlice tier = genops_service_tier(question->service_tier, buffer);
	uint16_t provider = find_word(book, question->provider);
	int64_t day = floor_divide(question->at, DAY_US);
	Wanted wanted = { .tier = find_word(book, tier),
		              .region = find_word(book, question->region),
		              .at = question->at,
		              .minute = (int) ((question->at - day * DAY_US) / MINUTE_US),
		              /* 1970 began on a Thursday. */
		              .weekday = (int) (((day + 3) % 7 + 7) % 7) };
	GenopsPriceMatch match;
	uint32_t first;

	*answer = (GenopsPriceAnswer){ .match = GENOPS_MATCH_NONE };
	if (provider == NO_WORD || question->model.length == 0)
		return GENOPS_PRICE_UNKNOWN_MODEL;
	first = rows_of_question(book, provider, question->model, &match);
	if (first == NONE)
		return GENOPS_PRICE_UNKNOWN_MODEL;

	/* A tier of which nobody has heard is no row's. */
	if (wanted.tier == NO_WORD && tier.length > 0)
		wanted.tier = UINT16_MAX;
	return price_by_name(book, first, question, &wanted, tier, match, answer);
}

const char *
genops_price_match_name(GenopsPriceMatch match)
{
	static const char *const names[] = {
		[GENOPS_MATCH_NONE] = "none",
		[GENOPS_MATCH_EXACT] = "exact",
		[GENOPS_MATCH_ALIAS] = "alias",
		[GENOPS_MATCH_PREFIX] = "prefix stripped",
		[GENOPS_MATCH_SUFFIX] = "date or version stripped",
		[GENOPS_MATCH_FINE_TUNED] = "fine-tuned base",
		[GENOPS_MATCH_ANY] = "any model of the provider",
	};

	return names[match];
}

GenopsSlice
genops_service_tier(GenopsSlice text, char buffer[GENOPS_TIER_SIZE])
{
	static const char *const standard[] = { "standard", "default", "auto", "on_demand" };
	size_t length = text.length < GENOPS_TIER_SIZE ? text.length : GENOPS_TIER_SIZE - 1;

	if (length == 0)
		return GENOPS_ABSENT;
	for (size_t i = 0; i < length; i++)
	{
		char c = text.data[i];

		buffer[i] = (char) (c >= 'A' && c <= 'Z' ? c | 0x20 : c == '-' ? '_' : c);
	}
	for (size_t i = 0; i < sizeof(standard) / sizeof(standard[0]); i++)
	{
		if (genops_slice_equal((GenopsSlice){ buffer, length }, genops_slice(standard[i])))
			return GENOPS_ABSENT;
	}
	return (GenopsSlice){ buffer, length };
}
