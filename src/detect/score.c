/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a statistic to a strength: detection.md 3 and 4.3. The calibrator e(p) = (1 - p + p ln p) /
 * (p ln^2 p) (Vovk and Wang 2021) makes a valid e-value of any valid p, at a price of some 20 dB.
 */
#include "detect/inner.h"
#include <math.h>

double tail_p(const struct tail *t, double x)
{
	if (x <= 0)
		return 1;
	double p = t->p * pow(x / t->u, -t->a);
	return p < 1 ? p : 1;
}

double strength_db(double p)
{
	if (p >= 0.999)
		return -3.01; /* e(1) = 1/2 */
	if (p < 1e-300)
		p = 1e-300;
	double ln = log(p);
	return 10 * log10((1 - p + p * ln) / (p * ln * ln));
}

enum port_class port_class(uint16_t port)
{
	static const uint16_t bot[] = {22, 23, 81, 445, 1433, 2222, 2323, 3389, 5358, 5555, 5900,
	    6379, 7547, 8291, 8728, 9530, 37215, 52869, 60001};
	for (unsigned i = 0; i < sizeof bot / sizeof *bot; i++)
		if (port == bot[i])
			return CLASS_B;
	switch (port) {
	case 80:
	case 443:
	case 8080:
	case 8443:
		return CLASS_W;
	case 25:
	case 465:
	case 587:
		return CLASS_M;
	case 53:
	case 123:
	case 853:
		return CLASS_D;
	default:
		return port >= 10000 ? CLASS_P : CLASS_O;
	}
}
