#pragma once
// (being written)
namespace perdure {
template <class T>
concept Serializable = true;
}  // namespace perdure
