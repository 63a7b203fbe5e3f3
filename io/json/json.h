// io/json/json.h -- all that a user of JSON records needs: fields, decoder and encoder.
#pragma once

#include "penstock/io/json/decoder.h"
#include "penstock/io/json/encoder.h"
#include "penstock/io/json/fields.h"
