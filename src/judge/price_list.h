/* judge/price_list.h - list prices, USD per million tokens: input, output. Makers change them; a
 * user's own table (--prices FILE) comes before this one, --price before both.
 *
 * Read on the makers' public price pages; a row that is wrong is fixed here, or overruled there.
 */
PRICE("gpt-4o-mini", 0.15, 0.60)
PRICE("gpt-4o", 2.50, 10.00)
PRICE("gpt-4.1", 2.00, 8.00)
PRICE("gpt-4.1-mini", 0.40, 1.60)
PRICE("gpt-4.1-nano", 0.10, 0.40)
PRICE("gpt-5", 1.25, 10.00)
PRICE("gpt-5-mini", 0.25, 2.00)
PRICE("gpt-5-nano", 0.05, 0.40)
PRICE("o3", 2.00, 8.00)
PRICE("o3-mini", 1.10, 4.40)
PRICE("o4-mini", 1.10, 4.40)
