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
	switch (port) {
	case 22:
	case 23:
	case 81:
	case 445:
	case 1433:
	case 2222:
	case 2323:
	case 3389:
	case 5358:
	case 5555:
	case 5900:
	case 6379:
	case 7547:
	case 8291:
	case 8728:
	case 9530:
	case 37215:
	case 52869:
	case 60001:
		return CLASS_B;
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
