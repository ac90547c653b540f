// Only carries the include path of Eigen; the C++ headers are included by CEigen.
