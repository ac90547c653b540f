#include "ceigen.h"
#include <Eigen/Dense>
